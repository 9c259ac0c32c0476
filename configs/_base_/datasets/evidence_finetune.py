"""The controlled benchmark, level basic, with joint labels: train on the training split, test on validation.

Few-label lists repeat their lines until one epoch holds all steps. Batches have 8 videos, because one label per class
gives 8 videos.
"""

_base_ = './demo_finetune.py'

train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        ann_file='work_dirs/evidence/basic/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/evidence/basic'),
    ),
)
test_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/evidence/basic/annotations/val_joint.txt',
        data_prefix=dict(video='work_dirs/evidence/basic'),
    ),
)
