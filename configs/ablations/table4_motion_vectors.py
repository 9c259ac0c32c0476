"""Table 4, R@1 / R@5 of C3D: motion vectors alone (alpha = 1); UCF101 30.4 / 50.9, HMDB51 14.0 / 37.5.

    bash tools/dist_train.sh configs/ablations/table4_motion_vectors.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/ablations/table4_motion_vectors

Both together are configs/pretrain_c3d_ucf.py: 41.7 / 57.4, 16.8 / 37.2. The same clips are read. Measured cost:
not run.
Changes: model.context_head, model.motion_head.loss_weight
"""

_base_ = '../pretrain_c3d_ucf.py'
model = dict(context_head=None, motion_head=dict(loss_weight=1.0))
