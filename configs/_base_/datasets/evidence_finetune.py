"""The controlled benchmark, level basic, with joint labels: the training split teaches, the validation split tests.

Few-label lists repeat their lines until one epoch holds all steps: batches of 8, since one label a class is 8 videos.
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
