"""Pretraining of C3D on UCF101 with residual energy and vectors as the M-Network's input.

    bash tools/dist_train.sh configs/residual/channels_c3d_ucf.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/residual/channels_c3d_ucf

Each motion map gets two more channels: the energy of the block's luma residual, and a mask of blocks that have one.
Paper: none; residuals are its future work
Protocol: retrieval_paper
Cost: 522 GFLOP a clip, 597 PFLOP in all, counted; not run;
    reading a sample of UCF101 takes 16.5 ms, 12.3 ms without energy, one thread of an AMD EPYC
Changes: model.data_preprocessor.residual, model.motion_head.m_network.in_channels,
train_dataloader.dataset.pipeline.read.residual
"""

_base_ = '../pretrain_c3d_ucf.py'

from cmvl_mm.datasets.stages import change

model = dict(data_preprocessor=dict(residual='in_motion'), motion_head=dict(m_network=dict(in_channels=4)))
train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, read=dict(residual='exact')))
)
