"""Jigsaw at the demo's size: in which of 64 far permutations are the nine tiles of a frame shown?

    python tools/train.py configs/rivals/demo/jigsaw.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/jigsaw

Reads what `make demo` makes. Unverified: everything is as commonly described.
Protocol: retrieval_paper, with 4 clips
Cost: 4 clips a video, 6,912 in all; 3 epochs
"""

_base_ = '../evidence/jigsaw.py'

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
