"""TCLR with R3D-26 on UCF101: instance contrast and two temporal losses; not in the paper's tables.

    python tools/train.py configs/rivals/paper/tclr_r3d26_ucf.py

Losses of the paper and the official code, each a mean of its terms, with two short clips in place of four, because the
map of 16 frames has two time steps. Optimiser and batch are those of the official code; the constant rate, epochs and
augmentation are ours here.
Paper: 82.4 UCF101, 52.9 HMDB51; retrieval R@1 56.2 (UCF101, R3D-18)
Protocol: finetune
Cost: 6 clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='TCLRHead', in_channels=2048))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleTCLR', shorts=2, clip_len=16, frame_interval=2)
_pipeline[2] = dict(_pipeline[2], area=(0.2, 1.0), aspect=(3 / 4, 4 / 3), flip_prob=0.5)
_pipeline.insert(3, dict(type='AugmentColourEach', each='clip', gray_prob=0.2))
train_dataloader = dict(batch_size=40, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='Adam', lr=0.001, weight_decay=1e-9))
param_scheduler = []  # a constant rate
train_cfg = dict(type='ResumableEpochLoop', max_epochs=400)
auto_scale_lr = dict(enable=True, base_batch_size=40)
del _pipeline
