"""R3D-26 with both pretext tasks on the fused map of its last two stages, (N, 2048, 2, 7, 7)."""

_base_ = ['./c3d_pretrain.py']

model = dict(
    backbone=dict(
        _delete_=True,
        type='VideoResNet',
        block='bottleneck',
        depths=(2, 2, 2, 2),
        convolution='3d',
        stem_kernel=(3, 7, 7),
        width=64,
    ),
    neck=dict(type='FusedPretextNeck'),
    context_head=dict(in_channels=2048),
    motion_head=dict(predictor=dict(in_channels=2048)),
)
