"""Ours: both tasks, alpha = 0.9, and the motion to predict begins 13 frames after the clip, not 3.

    python tools/train.py configs/evidence/far_future_09.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/far_future_09

Three frames after the clip, an object is still near its last place, so the place tells most of its future. Later it
does not.

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: train_dataloader.dataset.pipeline.sample.future_gap
"""

_base_ = './alpha_09.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(future_gap=12)))
)
