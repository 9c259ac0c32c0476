"""The demo's pretraining with residual energy and vectors as the M-Network's input.

    python tools/train.py configs/residual/channels_demo.py
    python tools/test.py configs/demo/retrieval.py work_dirs/residual/channels_demo

Reads what `make demo` makes.
Paper: none; residuals are its future work
Protocol: retrieval_paper
Cost: 0.23 CPU-seconds a step of 16 clips, as configs/demo/pretrain.py in the same run, one thread of an AMD EPYC;
    reading a sample takes 7.3 ms, 5.4 ms without energy; 12 epochs of 36 steps; not run
Changes: model.data_preprocessor.residual, model.motion_head.m_network.in_channels,
train_dataloader.dataset.pipeline.read.residual
"""

_base_ = '../demo/pretrain.py'

from cmvl_mm.datasets.stages import change

model = dict(data_preprocessor=dict(residual='in_motion'), motion_head=dict(m_network=dict(in_channels=4)))
train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, read=dict(residual='exact')))
)
