"""VCP, a rival of Table 8 or 9, with R3D-26 on UCF101: five alterations of the middle clip, batch 8.

    python tools/train.py configs/rivals/paper/vcp_r3d26_ucf.py

Unverified: settings and alterations of a re-implementation (BestJuly/VCP), without two of its errors; 300 epochs are
the paper's, as commonly described. Videos shorter than 96 frames are left out.
Paper: 68.1 UCF101; retrieval R@1/5/10/20/50 18.6/33.6/42.5/53.5/68.1 (UCF101, R3D)
Protocol: retrieval_paper
Cost: 3 clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='VCPHead', in_channels=2048))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleVCP', clip_len=16, frame_interval=1, gap=8, away=16)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = []  # a constant rate
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(enable=True, base_batch_size=8)
del _pipeline
