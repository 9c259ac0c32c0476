"""The common R(2+1)D with both pretext tasks."""

_base_ = './r3d10_pretrain.py'

model = dict(backbone=dict(convolution='2plus1d', shortcut='factorised'))
