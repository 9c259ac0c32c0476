"""The V-Network alone: R3D-26, 26.50 M parameters, (N, 3, 16, 112, 112) -> (N, 2048, 2, 4, 4)."""

model = dict(
    type='ContextMotionRecognizer',
    backbone=dict(
        type='VideoResNet',
        block='bottleneck',
        depths=(2, 2, 2, 2),
        convolution='3d',
        stem_kernel=(3, 7, 7),
        width=64,
    ),
    data_preprocessor=dict(type='CompressedVideoPreprocessor', motion_size=112, motion_clamp=10.0),
    test_cfg=dict(clips_per_forward=20),
)
