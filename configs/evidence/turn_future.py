"""Both tasks on level future, where discs turn right after the clip; only their look in the clip tells which way.

    python tools/train.py configs/evidence/turn_future.py
    python tools/test.py configs/evidence/turn_retrieval.py work_dirs/evidence/turn_future

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: train_dataloader.dataset.ann_file, train_dataloader.dataset.data_prefix.video
"""

_base_ = './pretrain.py'
_level = 'work_dirs/evidence/future'
_lists = dict(ann_file=f'{_level}/annotations/train_joint.txt', data_prefix=dict(video=_level))
train_dataloader = dict(dataset=_lists)
del _level, _lists
