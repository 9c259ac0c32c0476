"""Pretraining of C3D on UCF101 with residual energy as a third pointwise target, with its own network.

    bash tools/dist_train.sh configs/residual/target_c3d_ucf.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/residual/target_c3d_ucf

J = 0.5 J_I + 0.5 J_M + 0.5 J_R.
Paper: none; residuals are its future work
Protocol: retrieval_paper
Cost: 753 GFLOP a clip, 862 PFLOP in all, counted; not run;
    reading a sample of UCF101 takes 16.5 ms, 12.3 ms without energy, one thread of an AMD EPYC
Base: configs/pretrain_c3d_ucf.py
Changes: model.residual_head, train_dataloader.dataset.pipeline.read.residual
"""

_base_ = [
    '../_base_/models/c3d_residual.py',
    '../_base_/datasets/pretrain_ucf.py',
    '../_base_/schedules/pretrain_120e.py',
    '../_base_/fast_step.py',
    '../_base_/runtime.py',
]

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, read=dict(residual='exact')))
)
