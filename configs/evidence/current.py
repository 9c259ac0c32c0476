"""Table 1: the clip's own last 8 frames instead of the future, in the suite.

    python tools/train.py configs/evidence/current.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/current

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: train_dataloader.dataset.pipeline.sample.future_gap
"""

_base_ = './pretrain.py'
train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(future_gap=-8))))
