"""ST-Puzzle, a rival of Table 8 or 9, with R3D-26 on UCF101: four cubes of 16 x 80 x 80 in one of 24 orders.

    python tools/train.py configs/rivals/paper/st_puzzle_r3d26_ucf.py

Unverified: there is no official code; cubes, guards and classes are as commonly described. The jitter of cubes in time
is not known; ours is 16 frames in 24. Optimiser, batch and epochs are not known, and are VCOP's here. The paper trains
on Kinetics-400.
Paper: 65.8 UCF101, 33.7 HMDB51 (K400, 3D ResNet-18)
Protocol: finetune
Cost: 4 clips of 80 px a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='PuzzleHead', in_channels=2048))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SamplePuzzle', clip_len=16, frame_interval=1, stretch=24)
_pipeline[2] = dict(_pipeline[2], type='CropPuzzle', size=80, flip_prob=0.5, jitter=0.286)
_pipeline.insert(3, dict(type='AugmentColourEach', each='clip', blur_prob=0.0, jitter_prob=0.0, channel='one'))
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4))
param_scheduler = []  # a constant rate
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(enable=True, base_batch_size=8)
del _pipeline
