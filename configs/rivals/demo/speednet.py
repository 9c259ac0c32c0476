"""SpeedNet at the demo's size: normal or sped up? Both versions of a video are in one batch.

    python tools/train.py configs/rivals/demo/speednet.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/speednet

Reads what `make demo` makes. Unverified: there is no official code; everything is as commonly described.
Protocol: retrieval_paper, with 4 clips
Cost: 2 clips a video, 6,912 in all; 6 epochs
"""

_base_ = '../evidence/speednet.py'

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
