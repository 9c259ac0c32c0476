"""Table 1, C3D on UCF101: a ConvGRU predicts the future features instead of the Transformer.

    bash tools/dist_train.sh configs/ablations/table1_convgru.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/ablations/table1_convgru

Paper: R@1 UCF101 39.8, HMDB51 15.2; with InfoNCE, Transformer and the future (configs/pretrain_c3d_ucf.py) 41.7, 16.8
Protocol: retrieval_paper
Cost: 487 GFLOP a clip, 557 PFLOP in all, counted; not run
Changes: model.motion_head.predictor
"""

_base_ = '../pretrain_c3d_ucf.py'
model = dict(motion_head=dict(predictor=dict(_delete_=True, type='ConvGRUPredictor', in_channels=512, width=512)))
