"""Table 4: motion vectors alone (alpha = 1), in the suite.

    python tools/train.py configs/evidence/motion_vectors.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/motion_vectors

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: model.context_head, model.motion_head.loss_weight
"""

_base_ = './pretrain.py'
model = dict(context_head=None, motion_head=dict(loss_weight=1.0))
