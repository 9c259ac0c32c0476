"""Table 1, R@1 of C3D: a ConvGRU predicts the future features instead of the Transformer; UCF101 39.8, HMDB51 15.2.

    bash tools/dist_train.sh configs/ablations/table1_convgru.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/ablations/table1_convgru

The row with InfoNCE, Transformer and the future is configs/pretrain_c3d_ucf.py: 41.7, 16.8. Measured cost: not run.
Changes: model.motion_head.predictor
"""

_base_ = '../pretrain_c3d_ucf.py'
model = dict(motion_head=dict(predictor=dict(_delete_=True, type='ConvGRUPredictor', in_channels=512, width=512)))
