"""ST-Puzzle at the demo's size: in which order are four cubes shown, laid out over space or over time?

    python tools/train.py configs/rivals/demo/st_puzzle.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/st_puzzle

Reads what `make demo` makes. Unverified: there is no official code; everything is as commonly described.
Protocol: retrieval_paper, with 4 clips
Cost: 4 clips a video, 6,912 in all; 3 epochs
"""

_base_ = '../evidence/st_puzzle.py'

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
