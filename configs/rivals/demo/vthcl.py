"""VTHCL at the demo's size: 8 and 32 frames of one segment of a video find each other, at two depths.

    python tools/train.py configs/rivals/demo/vthcl.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/vthcl

Reads what `make demo` makes. Unverified: there is no official code; everything is as commonly described.
Protocol: retrieval_paper, with 4 clips
Cost: 2.5 clips a video, 7,200 in all; 5 epochs
"""

_base_ = '../evidence/vthcl.py'

train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/demo/source/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/demo/prepared'),
    )
)
train_cfg = dict(max_epochs=5)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=2, end=5, convert_to_iter_based=True)
]
