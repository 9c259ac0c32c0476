"""CBT, the visual part, at the demo's size: a transformer recovers the masked one of six windows.

    python tools/train.py configs/rivals/demo/cbt.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/cbt

Reads what `make demo` makes. Unverified: there is no official code; everything is as commonly described.
Protocol: retrieval_paper, with 4 clips
Cost: 6 clips a video, 6,912 in all; 2 epochs
"""

_base_ = '../evidence/cbt.py'

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
