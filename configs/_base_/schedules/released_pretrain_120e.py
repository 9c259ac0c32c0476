"""Pretraining as released: Nesterov momentum and weight decay 0.001, where the paper says 0.005."""

_base_ = './pretrain_120e.py'

optim_wrapper = dict(optimizer=dict(weight_decay=0.001, nesterov=True))
