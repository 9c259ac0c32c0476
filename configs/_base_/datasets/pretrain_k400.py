"""Kinetics-400's training videos, unlabelled."""

_base_ = './pretrain_ucf.py'

train_dataloader = dict(
    dataset=dict(ann_file='data/kinetics400/train.txt', data_prefix=dict(video='data/kinetics400/videos'))
)
