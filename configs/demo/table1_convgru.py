"""Table 1 at the demo's size: a ConvGRU instead of the Transformer.

    python tools/train.py configs/demo/table1_convgru.py
    python tools/test.py configs/demo/retrieval.py work_dirs/demo/table1_convgru

Reads what `make demo` makes.
Protocol: retrieval_paper
Changes: model.motion_head.predictor
"""

_base_ = './pretrain.py'
model = dict(motion_head=dict(predictor=dict(_delete_=True, type='ConvGRUPredictor', in_channels=128, width=128)))
