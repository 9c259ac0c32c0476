"""The V-Network alone: the field's R(2+1)D, 14.37 M parameters; its R3D, factorised in stem, blocks and shortcuts."""

_base_ = './r3d10.py'

model = dict(backbone=dict(convolution='2plus1d', shortcut='factorised'))
