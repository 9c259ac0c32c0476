"""Table 4, C3D on UCF101: motion vectors alone (alpha = 1).

    bash tools/dist_train.sh configs/ablations/table4_motion_vectors.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/ablations/table4_motion_vectors

The clips are those of both tasks together (configs/pretrain_c3d_ucf.py).
Paper: R@1 / R@5 UCF101 30.4 / 50.9, HMDB51 14.0 / 37.5; both together 41.7 / 57.4, 16.8 / 37.2
Protocol: retrieval_paper
Cost: 490 GFLOP a clip, 561 PFLOP in all, counted; not run
Changes: model.context_head, model.motion_head.loss_weight
"""

_base_ = '../pretrain_c3d_ucf.py'
model = dict(context_head=None, motion_head=dict(loss_weight=1.0))
