"""Both tasks, three times as long: 90 epochs, in the suite.

    python tools/train.py configs/evidence/long.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/long

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: train_cfg.max_epochs, param_scheduler
"""

_base_ = './pretrain.py'
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=45, end=90, convert_to_iter_based=True)
]
train_cfg = dict(max_epochs=90)
