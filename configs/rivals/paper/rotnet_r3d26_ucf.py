"""3D-RotNet, a rival of Table 8 or 9, with R3D-26 on UCF101: four rotations of each clip in one batch, 32 clips.

    python tools/train.py configs/rivals/paper/rotnet_r3d26_ucf.py

Sampling and batch as in the official code. The code leaves the learning rate open (0.1 is stated, 0.0001 is used, in a
resumed run); 0.01 is CtP's. The code counts iterations; 300 epochs with steps at 100 and 200 are CtP's, too.
Paper: 62.9 UCF101, 33.7 HMDB51 (K400, 3D ResNet-18)
Protocol: finetune
Cost: 4 clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='RotNetHead', in_channels=2048))
_sample = dict(_delete_=True, type='SampleRotNet', clip_len=16, frame_interval=2)
_crop = dict(rotation=10.0, flip_prob=0.5)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=_crop)
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-3))
param_scheduler = [dict(type='MultiStepLR', milestones=[100, 200], gamma=0.1, by_epoch=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(enable=True, base_batch_size=32)
del _sample, _crop, _pipeline
