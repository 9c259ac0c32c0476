"""VTDL at the demo's size: a clip mixed with a static frame finds the plain one; its video's far segment is a negative.

    python tools/train.py configs/rivals/demo/vtdl.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/vtdl

Reads what `make demo` makes.
Protocol: retrieval_paper, with 4 clips
Cost: 3 clips a video, 6,912 in all; 4 epochs
"""

_base_ = '../evidence/vtdl.py'

train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/demo/source/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/demo/prepared'),
    )
)
train_cfg = dict(max_epochs=4)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=2, end=4, convert_to_iter_based=True)
]
