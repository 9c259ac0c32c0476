"""UCF101 as released: clips from the original .avi, I-frames and vectors from the prepared .mp4, a fifth grey."""

_base_ = './pretrain_ucf.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(
        data_prefix=dict(rgb='data/ucf101/originals'),
        rgb_suffix='.avi',
        pipeline=change(_base_.train_dataloader.dataset.pipeline, colour=dict(gray_prob=0.2)),
    ),
)
