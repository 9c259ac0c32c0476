"""Table 1: the clip's own last 8 frames instead of the future, from the same clips, in the suite.

    python tools/train.py configs/evidence/current.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/current

Reads what `make evidence` makes. `room` keeps the clips of pretrain.py.
Protocol: retrieval_paper
Changes: train_dataloader.dataset.pipeline.sample.future_gap, train_dataloader.dataset.pipeline.sample.room
"""

_base_ = './pretrain.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(future_gap=-8, room=41)))
)
