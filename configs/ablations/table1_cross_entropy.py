"""Table 1, C3D on UCF101: cross-entropy on quantised future vectors instead of InfoNCE.

    bash tools/dist_train.sh configs/ablations/table1_cross_entropy.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/ablations/table1_cross_entropy

Paper: R@1 UCF101 23.0, HMDB51 8.1; with InfoNCE, Transformer and the future (configs/pretrain_c3d_ucf.py) 41.7, 16.8
Protocol: retrieval_paper
Cost: 236 GFLOP a clip, 271 PFLOP in all, counted; not run
Changes: model.motion_head, train_dataloader.dataset.pipeline.sample.num_negatives
"""

_base_ = '../pretrain_c3d_ucf.py'

from cmvl_mm.datasets.stages import change

model = dict(
    motion_head=dict(
        _delete_=True,
        type='MotionClassificationHead',
        predictor={{_base_.model.motion_head.predictor}},
        cells=2,
        num_bins=21,
        loss_weight=0.5,
    )
)
train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(num_negatives=0)))
)
