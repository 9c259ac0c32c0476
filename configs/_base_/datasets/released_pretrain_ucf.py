"""UCF101 as released: clips from the original .avi, I-frames and vectors from the prepared .mp4, a fifth in gray."""

_base_ = './pretrain_ucf.py'

train_dataloader = dict(
    dataset=dict(
        data_prefix=dict(rgb='data/ucf101/originals'),
        rgb_suffix='.avi',
        pipeline=dict(colour=dict(gray_prob=0.2)),
    ),
)
