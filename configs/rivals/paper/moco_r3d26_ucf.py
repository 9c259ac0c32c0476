"""Plain instance contrast with a queue, with R3D-26 on UCF101: MoCo on clips; not in the paper's tables.

    python tools/train.py configs/rivals/paper/moco_r3d26_ucf.py

Head, queue of 65,536, temperature 0.2, momentum, batch, learning rate, weight decay and 300 epochs of cosine are CtP's.
CtP draws strides 1 to 4; here the stride is 4.
Paper: none
Protocol: finetune
Cost: 2 clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(
    pretext_head=dict(type='MoCoHead', in_channels=2048, hidden_channels=2048, queue_size=65536, temperature=0.2)
)
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleViews', clip_len=16, frame_interval=4)
_pipeline[2] = dict(_pipeline[2], area=(0.2, 1.0), aspect=(3 / 4, 4 / 3), flip_prob=0.5)
_pipeline.insert(3, dict(type='AugmentColourEach', each='clip', gray_prob=0.2))
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=0, end=300)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(enable=True, base_batch_size=32)
del _pipeline
