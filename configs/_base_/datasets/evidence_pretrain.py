"""The controlled benchmark, level basic, unlabelled; everything else as in the demo."""

_base_ = './demo_pretrain.py'

train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/evidence/basic/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/evidence/basic'),
    ),
)
