"""Jigsaw, a rival of Table 9, with R3D-26 on UCF101: nine tiles of 64 px in one of 100 far permutations.

    python tools/train.py configs/rivals/paper/jigsaw_r3d26_ucf.py

Unverified: tiles, gap and permutations are as commonly described; each tile is normalised, and colours are jittered for
each picture. Optimiser, batch and epochs are not known, and are VCOP's here.
Paper: retrieval R@1/5/10/20 19.7/28.5/33.5/40.0 (UCF101, CaffeNet)
Protocol: retrieval_paper
Cost: 9 still tiles a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='JigsawHead', in_channels=2048, num_orders=100, clips_per_picture=4))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleJigsaw', num_orders=100)
_pipeline[2] = dict(_pipeline[2], size=225, flip_prob=0.5)
_pipeline.insert(3, dict(type='AugmentColourEach', each='frame', blur_prob=0.0, jitter_prob=0.8))
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4))
param_scheduler = []  # a constant rate
train_cfg = dict(type='ResumableEpochLoop', max_epochs=300)
auto_scale_lr = dict(enable=True, base_batch_size=8)
del _pipeline
