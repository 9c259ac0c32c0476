"""The demo's pretraining with residual energy as a third pointwise target, with its own network.

    python tools/train.py configs/residual/target_demo.py
    python tools/test.py configs/demo/retrieval.py work_dirs/residual/target_demo

Reads what `make demo` makes. J = 0.1 J_I + 0.9 J_M + 0.9 J_R.
Paper: none; residuals are its future work
Protocol: retrieval_paper
Cost: 0.34 CPU-seconds a step of 16 clips, 0.23 with configs/demo/pretrain.py in the same run, one thread of an AMD
    EPYC; reading a sample takes 7.3 ms, 5.4 ms without energy; 12 epochs of 36 steps; not run
Base: configs/demo/pretrain.py
Changes: model.residual_head, train_dataloader.dataset.pipeline.read.residual
"""

_base_ = [
    '../_base_/models/demo_residual.py',
    '../_base_/datasets/demo_pretrain.py',
    '../_base_/schedules/demo.py',
    '../_base_/runtime.py',
]

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, read=dict(residual='exact')))
)
