"""IIC at the demo's size: pictures and their differences find each other; a clip with broken time is a negative.

    python tools/train.py configs/rivals/demo/iic.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/iic

Reads what `make demo` makes. Negatives are of the batch, not from a memory bank.
Protocol: retrieval_paper, with 4 clips
Cost: 3 clips a video, 6,912 in all; 4 epochs
"""

_base_ = '../evidence/iic.py'

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
