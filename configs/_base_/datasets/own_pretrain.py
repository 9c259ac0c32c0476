"""Your own videos, unlabelled: clip 16 x 2 at 80 px, the paper's augmentation; 41 frames a video are enough."""

_base_ = './pretrain_ucf.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        ann_file='data/own/all.txt',
        data_prefix=dict(video='data/own'),
        block=8,
        pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(frame_interval=2), crop=dict(size=80)),
    ),
)
