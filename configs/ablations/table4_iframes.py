"""Table 4, C3D on UCF101: I-frames alone (alpha = 0).

    bash tools/dist_train.sh configs/ablations/table4_iframes.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/ablations/table4_iframes

The clips are those of both tasks together (configs/pretrain_c3d_ucf.py).
Paper: R@1 / R@5 UCF101 33.8 / 47.7, HMDB51 11.5 / 28.3; both together 41.7 / 57.4, 16.8 / 37.2
Protocol: retrieval_paper
Cost: 230 GFLOP a clip, 264 PFLOP in all, counted; not run
Changes: model.context_head.loss_weight, model.motion_head
"""

_base_ = '../pretrain_c3d_ucf.py'
model = dict(context_head=dict(loss_weight=1.0), motion_head=None)
