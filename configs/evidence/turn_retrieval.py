"""Retrieval on level future from the first clip of every video, before the discs turn; joint labels.

    python tools/test.py configs/evidence/turn_retrieval.py work_dirs/evidence/turn_future

Reads what `make evidence` makes.
Protocol: retrieval_paper, with the first clip alone
"""

_base_ = './retrieval.py'

from cmvl_mm.datasets.stages import change

_level = 'work_dirs/evidence/future'
_lists = dict(gallery=f'{_level}/annotations/train_joint.txt', query=f'{_level}/annotations/val_joint.txt')
test_dataloader = dict(
    dataset=dict(
        data_prefix=dict(video=_level),
        pipeline=change(_base_.test_dataloader.dataset.pipeline, sample=dict(place='first', num_clips=1)),
        **_lists,
    )
)
model = dict(init_cfg=dict(checkpoint='work_dirs/evidence/turn_future'))
del _level, _lists
