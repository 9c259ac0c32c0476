"""Without hard negatives of the same video, in the suite.

    python tools/train.py configs/evidence/no_hard_negatives.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/no_hard_negatives

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: train_dataloader.dataset.pipeline.sample.num_negatives
"""

_base_ = './pretrain.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(num_negatives=0)))
)
