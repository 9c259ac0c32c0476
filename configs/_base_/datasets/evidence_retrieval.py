"""The controlled benchmark, level basic: validation videos search training videos."""

_base_ = './demo_retrieval.py'

test_dataloader = dict(
    dataset=dict(
        gallery='work_dirs/evidence/basic/annotations/train_joint.txt',
        query='work_dirs/evidence/basic/annotations/val_joint.txt',
        data_prefix=dict(video='work_dirs/evidence/basic'),
    ),
)
