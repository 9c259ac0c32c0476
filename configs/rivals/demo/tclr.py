"""TCLR at the demo's size: instance contrast; clips of one video at different times are negatives, too.

    python tools/train.py configs/rivals/demo/tclr.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/tclr

Reads what `make demo` makes. Two short clips in place of four.
Protocol: retrieval_paper, with 4 clips
Cost: 6 clips a video, 6,912 in all; 2 epochs
"""

_base_ = '../evidence/tclr.py'

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
