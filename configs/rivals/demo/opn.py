"""OPN at the demo's size: in which of twelve orders, up to reversal, are four frames shown?

    python tools/train.py configs/rivals/demo/opn.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/opn

Reads what `make demo` makes. Unverified: how far apart frames lie.
Protocol: retrieval_paper, with 4 clips
Cost: 4 clips a video, 6,912 in all; 3 epochs
"""

_base_ = '../evidence/opn.py'

train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/demo/source/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/demo/prepared'),
    )
)
train_cfg = dict(max_epochs=3)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=1, end=3, convert_to_iter_based=True)
]
