"""Table 1 at the demo's size: mean squared error on the future vectors.

    python tools/train.py configs/demo/table1_mse.py
    python tools/test.py configs/demo/retrieval.py work_dirs/demo/table1_mse

Reads what `make demo` makes.
Protocol: retrieval_paper
Changes: model.motion_head, train_dataloader.dataset.pipeline.sample.num_negatives
"""

_base_ = './pretrain.py'

from cmvl_mm.datasets.stages import change

model = dict(
    motion_head=dict(
        _delete_=True,
        type='MotionRegressionHead',
        predictor={{_base_.model.motion_head.predictor}},
        cells=2,
        loss_weight=0.9,
    )
)
train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(num_negatives=0)))
)
