"""3D-RotNet at the demo's size: which of four rotations does the clip have? All four are in one batch.

    python tools/train.py configs/rivals/demo/rotnet.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/rotnet

Reads what `make demo` makes.
Protocol: retrieval_paper, with 4 clips
Cost: 4 clips a video, 6,912 in all; 3 epochs
"""

_base_ = '../evidence/rotnet.py'

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
