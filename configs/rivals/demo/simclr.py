"""Plain instance contrast at the demo's size: two clips of a video find each other in the batch (SimCLR on clips).

    python tools/train.py configs/rivals/demo/simclr.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/simclr

Reads what `make demo` makes.
Protocol: retrieval_paper, with 4 clips
Cost: 2 clips a video, 6,912 in all; 6 epochs
"""

_base_ = '../evidence/simclr.py'

train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/demo/source/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/demo/prepared'),
    )
)
train_cfg = dict(max_epochs=6)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=3, end=6, convert_to_iter_based=True)
]
