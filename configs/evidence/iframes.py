"""Table 4: I-frames alone (alpha = 0), in the suite.

    python tools/train.py configs/evidence/iframes.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/iframes

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: model.context_head.loss_weight, model.motion_head
"""

_base_ = './pretrain.py'
model = dict(context_head=dict(loss_weight=1.0), motion_head=None)
