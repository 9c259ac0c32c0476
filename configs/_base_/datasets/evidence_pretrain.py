"""The controlled benchmark, level basic, unlabelled; all other settings are the demo's."""

_base_ = './demo_pretrain.py'

train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/evidence/basic/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/evidence/basic'),
    ),
)
