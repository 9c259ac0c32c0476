"""Table 1: cross-entropy on quantised future vectors, in the suite.

    python tools/train.py configs/evidence/cross_entropy.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/cross_entropy

Reads what `make evidence` makes. The loss weight is the best of four on the validation split.
Protocol: retrieval_paper
Changes: model.motion_head, train_dataloader.dataset.pipeline.sample.num_negatives
"""

_base_ = './pretrain.py'

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
