"""The controlled set, unlabelled: clip 16 x 2 at 48 px (a 96 px square of 128x112), full hue rotation."""

_base_ = './pretrain_ucf.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        ann_file='work_dirs/demo/source/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/demo/prepared'),
        pipeline=change(
            _base_.train_dataloader.dataset.pipeline,
            sample=dict(frame_interval=2),
            crop=dict(size=48, area=(0.643, 0.643), aspect=(1.0, 1.0)),
            colour=dict(
                blur_prob=0.0, jitter_prob=1.0, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.5, gray_prob=0.3
            ),
        ),
    ),
)
