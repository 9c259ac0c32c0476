"""A 3D ResNet-18 at 80 px, 13.0 M parameters: (N, 3, 16, 80, 80) -> (N, 320, 2, 5, 5)."""

model = dict(
    type='ContextMotionRecognizer',
    backbone=dict(
        type='VideoResNet',
        block='basic',
        depths=(2, 2, 2, 2),
        convolution='3d',
        width=40,
        stem_kernel=(3, 7, 7),
        stem_stride=(2, 2, 2),
        stem_pool='none',
        branch_start='full',
        stage_strides=((1, 1, 1), (2, 2, 2), (2, 2, 2), (1, 2, 2)),
    ),
    data_preprocessor=dict(type='CompressedVideoPreprocessor', motion_size=20, motion_clamp=10.0),
    memory_format='channels_last',
    test_cfg=dict(clips_per_forward=32),
)
