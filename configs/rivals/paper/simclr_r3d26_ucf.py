"""Plain instance contrast in the batch, with R3D-26 on UCF101: SimCLR on clips; not in the paper's tables.

    python tools/train.py configs/rivals/paper/simclr_r3d26_ucf.py

Crop, flip, colours, learning rate and length are those of this toolkit's pretraining; grey clips are added. Settings
for clips are not published.
Paper: none
Protocol: finetune
Cost: 2 clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='SimCLRHead', in_channels=2048, hidden_channels=2048))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleViews', clip_len=16, frame_interval=4)
_pipeline[2] = dict(_pipeline[2], area=(0.2, 1.0), aspect=(3 / 4, 4 / 3), flip_prob=0.5)
_pipeline.insert(3, dict(type='AugmentColourEach', each='clip', gray_prob=0.2))
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.032, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=0, end=120)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=120)
auto_scale_lr = dict(enable=True, base_batch_size=64)
del _pipeline
