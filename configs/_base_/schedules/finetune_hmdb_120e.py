"""Finetuning on HMDB51: as on UCF101, with lr = 0.0002 x batch and weight decay 0.002."""

_base_ = './finetune_ucf_120e.py'

optim_wrapper = dict(optimizer=dict(lr=0.0016, weight_decay=0.002))
