"""DPC, a rival of Table 8 or 9, with R3D-26 on UCF101: 8 blocks of 5 frames at stride 3, three of them predicted.

    python tools/train.py configs/rivals/paper/dpc_r3d26_ucf.py

Settings of the official code, except for the network; its map is 4x4 at 128 px, as in that code. Batch norms keep
running averages. UCF101's schedule is not known; 300 epochs are those of Kinetics-400.
Paper: 60.6 UCF101 (UCF101, 2D3D-ResNet18)
Protocol: finetune
Cost: 40 frames of 128 px a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='DPCHead', in_channels=2048))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleBlocks', blocks=8, block_len=5, frame_interval=3)
_pipeline[2] = dict(_pipeline[2], boxes='shared', flips='shared', size=128, area=(0.653, 0.653), flip_prob=0.5)
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
        gray_prob=0.5,
    ),
)
train_dataloader = dict(batch_size=128, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='Adam', lr=0.001, weight_decay=1e-5))
param_scheduler = []  # a constant rate
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(enable=True, base_batch_size=128)
del _pipeline
