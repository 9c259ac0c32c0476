"""The V-Network alone: R(2+1)D-26, 26.51 M parameters; R3D-26 with every 3x3x3 convolution factorised."""

_base_ = './r3d26.py'

model = dict(backbone=dict(convolution='2plus1d'))
