"""Motion maps as large as the clip, as in the paper, with motion further ahead; alpha = 0.9.

    python tools/train.py configs/evidence/far_paper_maps.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/far_paper_maps

As paper_maps.py, in a setting where seeds differ less.

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: train_dataloader.dataset.pipeline.sample.future_gap
"""

_base_ = './paper_maps.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(future_gap=12)))
)
