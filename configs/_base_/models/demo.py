"""The V-Network at the demo's size: the same class `VideoResNet`, 16x48x48 -> 128x2x6x6, 0.89 M parameters."""

model = dict(
    type='ContextMotionRecognizer',
    backbone=dict(
        type='VideoResNet',
        block='basic',
        depths=(0, 1, 1, 1),
        convolution='3d',
        width=16,
        stem_kernel=(3, 5, 5),
        stem_pool='none',
        branch_start='full',
        stage_strides=((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 1, 1)),
    ),
    data_preprocessor=dict(type='CompressedVideoPreprocessor', motion_size=12, motion_clamp=10.0),
    memory_format='channels_last',
    test_cfg=dict(clips_per_forward=64),
)
