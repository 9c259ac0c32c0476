"""Büchler, policy replaced, at the demo's size: the orders of nine tiles and of four frames, hard ones weigh more.

    python tools/train.py configs/rivals/demo/buechler.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/buechler

Reads what `make demo` makes. Unverified: everything is as commonly described.
Protocol: retrieval_paper, with 4 clips
Cost: 8 clips a video, 9,216 in all; 2 epochs
"""

_base_ = '../evidence/buechler.py'

train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/demo/source/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/demo/prepared'),
    )
)
train_cfg = dict(max_epochs=2)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=1, end=2, convert_to_iter_based=True)
]
