"""The common R3D with both pretext tasks on its last map, which has C3D's shape: no neck."""

_base_ = './c3d_pretrain.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='VideoResNet',
        block='basic',
        depths=(1, 1, 1, 1),
        convolution='3d',
        stem_kernel=(3, 7, 7),
        stem_pool='none',
        width=64,
        branch_start='full',
    ),
)
