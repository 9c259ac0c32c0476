"""Table 4 at the demo's size: motion vectors alone (alpha = 1).

    python tools/train.py configs/demo/table4_motion_vectors.py
    python tools/test.py configs/demo/retrieval.py work_dirs/demo/table4_motion_vectors

Reads what `make demo` makes.
Protocol: retrieval_paper
Changes: model.context_head, model.motion_head.loss_weight
"""

_base_ = './pretrain.py'
model = dict(context_head=None, motion_head=dict(loss_weight=1.0))
