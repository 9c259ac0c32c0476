"""Shuffle & Learn, a rival of Table 8 or 9, with R3D-26 on UCF101: three frames in order or not.

    python tools/train.py configs/rivals/paper/shuffle_learn_r3d26_ucf.py

Unverified: tuples are made as commonly described; the motion comes from the video's vectors. Batch, learning rates and
weight decay are the official code's; the number of iterations is not known.
Paper: 50.2 to 50.9 UCF101, 18.1 to 19.8 HMDB51 (UCF101, CaffeNet)
Protocol: finetune
Cost: 3 still clips a video; not run
"""

_base_ = '../../_base_/rivals/paper.py'

model = dict(pretext_head=dict(type='ShuffleLearnHead', in_channels=2048))
_pipeline = list(_base_.train_dataloader.dataset.pipeline)
_pipeline[0] = dict(type='SampleShuffleLearn', min_gap=15, max_gap=60)
_pipeline[2] = dict(_pipeline[2], flip_prob=0.5, flips='shared')
train_dataloader = dict(batch_size=128, dataset=dict(pipeline=_pipeline))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[1081, 1351], gamma=0.1, by_epoch=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=1600)
auto_scale_lr = dict(enable=True, base_batch_size=128)
del _pipeline
