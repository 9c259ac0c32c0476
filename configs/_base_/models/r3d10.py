"""The V-Network alone: the common R3D, 14.36 M parameters, (N, 3, 16, 112, 112) -> (N, 512, 2, 7, 7)."""

model = dict(
    type='ContextMotionRecognizer',
    backbone=dict(
        type='VideoResNet',
        block='basic',
        depths=(1, 1, 1, 1),
        convolution='3d',
        stem_kernel=(3, 7, 7),
        stem_pool='none',
        width=64,
        branch_start='full',
    ),
    data_preprocessor=dict(type='CompressedVideoPreprocessor', motion_size=112, motion_clamp=10.0),
    test_cfg=dict(clips_per_forward=20),
)
