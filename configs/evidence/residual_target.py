"""Ours: residual energy as a third pointwise target, with its own network, in the suite.

    python tools/train.py configs/evidence/residual_target.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/residual_target

The paper leaves residuals as future work. J = 0.5 J_I + 0.5 J_M + 0.5 J_R; the weight of J_R was stated before the
runs. The R-Network and its predictor have the motion task's settings.

Reads what `make evidence` makes, in 7.3 ms a sample (5.4 ms without energy) on one thread of an AMD EPYC.
Protocol: retrieval_paper
Base: configs/evidence/pretrain.py
Changes: model.residual_head, train_dataloader.dataset.pipeline.read.residual
"""

_base_ = [
    '../_base_/models/demo_residual.py',
    '../_base_/datasets/evidence_pretrain.py',
    '../_base_/schedules/evidence.py',
    '../_base_/runtime.py',
]

from cmvl_mm.datasets.stages import change

model = dict(context_head=dict(loss_weight=0.5), motion_head=dict(loss_weight=0.5), residual_head=dict(loss_weight=0.5))
train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, read=dict(residual='exact')))
)
