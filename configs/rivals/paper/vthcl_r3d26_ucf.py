"""VTHCL, a rival of Table 8 or 9, with R3D-26 on UCF101: 8 x 8 and 32 x 2 frames of one segment, at two depths.

    python tools/train.py configs/rivals/paper/vthcl_r3d26_ucf.py

Unverified: there is no official code; tempos, depths, temperature, learning rate and 200 epochs are as commonly
described. Negatives are the other videos of the batch in place of 16,384 in a memory bank. Batch, weight decay,
schedule and augmentation are not known, and are ours here.
Paper: 82.1 UCF101, 49.2 HMDB51 (K400, 3D ResNet-50)
Protocol: finetune
Cost: 40 frames a video, 32 of them through the second network; not run
"""

_base_ = '../../_base_/rivals/paper.py'

_fast = dict(_base_.model.backbone, out_indices=(2, 3))
model = dict(
    backbone=dict(out_indices=(2, 3)),
    pretext_head=dict(type='VTHCLHead', in_channels=(1024, 2048), fast_network=_fast),
)
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleTempos', slow=(8, 8), fast=(32, 2))
_pipeline[2] = dict(_pipeline[2], area=(0.2, 1.0), aspect=(3 / 4, 4 / 3), flip_prob=0.5)
_pipeline.insert(3, dict(type='AugmentColourEach', each='clip'))
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.03, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=0, end=200)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(enable=True, base_batch_size=32)
del _fast
del _pipeline
