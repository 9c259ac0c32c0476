"""R(2+1)D-26 with both pretext tasks."""

_base_ = './r3d26_pretrain.py'

model = dict(backbone=dict(convolution='2plus1d'))
