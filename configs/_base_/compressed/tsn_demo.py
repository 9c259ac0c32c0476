"""MMAction2's TSN on a stream, at the demo's size: ResNet-18 without its last stage, from scratch, 2.8 M parameters."""

_base_ = './tsn.py'

model = dict(
    backbone=dict(pretrained=None, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,)),
    cls_head=dict(num_classes=64, in_channels=256, dropout_ratio=0.3),
)
