"""MemDPC, a rival of Table 8 or 9, with R3D-26 on UCF101: blocks predicted both ways, as mixtures of 1024 memories.

    python tools/train.py configs/rivals/paper/memdpc_r3d26_ucf.py

Settings of the official code, except for the network; batch norms keep running averages. The strength of the colour
changes is not known, and is DPC's here.
Paper: retrieval R@1/5/10/20 40.2/63.2/71.9/78.6 (UCF101, optical flow)
Protocol: finetune
Cost: 40 frames of 128 px a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='MemDPCHead', in_channels=2048))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleBlocks', blocks=8, block_len=5, frame_interval=3)
_pipeline[2] = dict(
    _pipeline[2], boxes='shared', flips='shared', size=128, area=(0.2, 1.0), aspect=(3 / 4, 4 / 3), flip_prob=0.5
)
_pipeline.insert(
    3,
    dict(
        type='AugmentColourEach',
        each='frame',
        blur_prob=0.0,
        jitter_prob=1.0,
        brightness=0.5,
        contrast=0.5,
        saturation=0.5,
        hue=0.25,
        gray_prob=0.25,
    ),
)
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='Adam', lr=0.001, weight_decay=1e-5))
param_scheduler = [dict(type='MultiStepLR', milestones=[300, 400], gamma=0.1, by_epoch=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=500)
auto_scale_lr = dict(enable=True, base_batch_size=16)
del _pipeline
