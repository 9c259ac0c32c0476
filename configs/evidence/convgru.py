"""Table 1: a ConvGRU instead of the Transformer, in the suite.

    python tools/train.py configs/evidence/convgru.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/convgru

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: model.motion_head.predictor
"""

_base_ = './pretrain.py'
model = dict(motion_head=dict(predictor=dict(_delete_=True, type='ConvGRUPredictor', in_channels=128, width=128)))
