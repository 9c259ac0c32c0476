"""Finetuning on UCF101 as released: Nesterov momentum."""

_base_ = './finetune_ucf_120e.py'

optim_wrapper = dict(optimizer=dict(nesterov=True))
