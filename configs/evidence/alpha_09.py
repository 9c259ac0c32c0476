"""Both tasks, alpha = 0.9, in the suite.

    python tools/train.py configs/evidence/alpha_09.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/alpha_09

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: model.context_head.loss_weight, model.motion_head.loss_weight
"""

_base_ = './pretrain.py'
model = dict(context_head=dict(loss_weight=0.1), motion_head=dict(loss_weight=0.9))
