"""What all rivals share at full size: R3D-26, UCF101's training split 1, and VCOP's input.

VCOP resizes to 128x171 and takes a random crop of 112; on UCF101's 240x320 this is a square of 0.573 of the frame's
area. Pictures are normalised as in all our configs, so that tests and finetuning read the same input as pretraining.
"""

_base_ = [
    '../models/r3d26.py',
    '../datasets/pretrain_ucf.py',
    '../fast_step.py',
    '../runtime.py',
]

model = dict(type='PretextRecognizer')
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='SampleClips', clip_len=16, frame_interval=1),
            dict(type='ReadCompressed'),
            dict(type='CropFlipEach', size=112, area=(0.573, 0.573), aspect=(1.0, 1.0), flip_prob=0.0),
            dict(type='PackPretext'),
        ]
    )
)
