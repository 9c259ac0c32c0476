"""The V-Network alone: C3D, 27.66 M parameters, (N, 3, 16, 112, 112) -> (N, 512, 2, 7, 7)."""

model = dict(
    type='ContextMotionRecognizer',
    backbone=dict(type='C3DBN', width=64),
    data_preprocessor=dict(type='CompressedVideoPreprocessor', motion_size=112, motion_clamp=10.0),
    test_cfg=dict(clips_per_forward=20),
)
