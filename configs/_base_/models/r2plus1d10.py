"""The V-Network alone: the common R(2+1)D, 14.37 M parameters; an R3D with factorised stem, blocks and shortcuts."""

_base_ = './r3d10.py'

model = dict(backbone=dict(convolution='2plus1d', shortcut='factorised'))
