"""SpeedNet, a rival of Table 8 or 9, with R3D-26 on UCF101: normal or sped up, 64 frames of 64 to 336 px.

    python tools/train.py configs/rivals/paper/speednet_r3d26_ucf.py

Unverified: there is no official code; task and sizes are as commonly described. The paper trains S3D-G without
pooling over time on Kinetics-400; optimiser, batch and epochs are not known, and are CtP's here. Videos need 140
frames.
Paper: 81.1 UCF101, 48.8 HMDB51 (K400, S3D-G)
Protocol: finetune
Cost: 2 clips of 64 frames a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='SpeedNetHead', in_channels=2048, sizes=(64, 336)))
_sample = dict(_delete_=True, type='SampleSpeedNet', clip_len=64, frame_interval=1)
_crop = dict(size=224, flip_prob=0.5)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=_crop)
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[100, 200], gamma=0.1, by_epoch=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(enable=True, base_batch_size=32)
del _sample, _crop, _pipeline
