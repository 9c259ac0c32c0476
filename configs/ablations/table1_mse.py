"""Table 1, C3D on UCF101: mean squared error on the future vectors instead of InfoNCE.

    bash tools/dist_train.sh configs/ablations/table1_mse.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/ablations/table1_mse

Paper: R@1 UCF101 27.9, HMDB51 10.2; with InfoNCE, Transformer and the future (configs/pretrain_c3d_ucf.py) 41.7, 16.8
Protocol: retrieval_paper
Cost: 236 GFLOP a clip, 270 PFLOP in all, counted; not run
Changes: model.motion_head, train_dataloader.dataset.pipeline.sample.num_negatives
"""

_base_ = '../pretrain_c3d_ucf.py'

from cmvl_mm.datasets.stages import change

model = dict(
    motion_head=dict(
        _delete_=True,
        type='MotionRegressionHead',
        predictor={{_base_.model.motion_head.predictor}},
        cells=2,
        loss_weight=0.5,
    )
)
train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(num_negatives=0)))
)
