"""VCOP, a rival of Table 8 or 9, with R3D-26 on UCF101: the order of three clips, batch 8, 300 epochs.

    python tools/train.py configs/rivals/paper/vcop_r3d26_ucf.py

Settings of the official code: a constant rate, no flip, no colours. The code keeps 800 training videos for validation
and takes the best checkpoint; here all videos train, and the last checkpoint counts. The code does not normalise
pictures.
Paper: retrieval R@1/5/10/20 14.1/30.3/40.4/51.1 (UCF101, R3D)
Protocol: retrieval_paper
Cost: 3 clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='VCOPHead', in_channels=2048))
_sample = dict(_delete_=True, type='SampleVCOP', clip_len=16, frame_interval=1, gap=8)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4))
param_scheduler = []  # a constant rate
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(enable=True, base_batch_size=8)
del _sample, _pipeline
