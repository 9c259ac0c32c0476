"""Table 4 at the demo's size: I-frames alone (alpha = 0).

    python tools/train.py configs/demo/table4_iframes.py
    python tools/test.py configs/demo/retrieval.py work_dirs/demo/table4_iframes

Reads what `make demo` makes.
Protocol: retrieval_paper
Changes: model.context_head.loss_weight, model.motion_head
"""

_base_ = './pretrain.py'
model = dict(context_head=dict(loss_weight=1.0), motion_head=None)
