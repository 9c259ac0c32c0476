"""PRP at the demo's size: which step, 1, 2, 4 or 6, made the clip, and what are its frames at twice the rate?

    python tools/train.py configs/rivals/demo/prp.py
    python tools/test.py configs/demo/retrieval.py work_dirs/rivals/demo/prp

Reads what `make demo` makes.
Protocol: retrieval_paper, with 4 clips
Cost: 1 clip a video, 6,912 in all; 12 epochs
"""

_base_ = '../evidence/prp.py'

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
