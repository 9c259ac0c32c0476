"""Table 1 on level future: the clip's own last 8 frames instead of the future, from the same clips.

    python tools/train.py configs/evidence/turn_current.py
    python tools/test.py configs/evidence/turn_retrieval.py work_dirs/evidence/turn_current

Reads what `make evidence` makes. `room` keeps the clips of turn_future.py, before the discs turn.
Protocol: retrieval_paper
Changes: train_dataloader.dataset.pipeline.sample.future_gap, train_dataloader.dataset.pipeline.sample.room
"""

_base_ = './turn_future.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(future_gap=-8, room=41)))
)
