"""PacePred at the demo's size: at which stride, 1 to 4, were the frames taken? Colours are drawn for each frame.

    python tools/train.py configs/rivals/demo/pace.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/pace

Reads what `make demo` makes.
Protocol: retrieval_paper, with 4 clips
Cost: 1 clip a video, 6,912 in all; 12 epochs
"""

_base_ = '../evidence/pace.py'

train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/demo/source/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/demo/prepared'),
    )
)
train_cfg = dict(max_epochs=12)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=6, end=12, convert_to_iter_based=True)
]
