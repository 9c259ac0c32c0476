"""MMAction2's SlowOnly-50 as its own recognizer: clips (N, clips, 3, T, H, W), 31.63 M parameters and a head."""

model = dict(
    type='Recognizer3D',
    backbone=dict(type='ResNet3dSlowOnly', depth=50, pretrained=None, base_channels=64, norm_eval=False),
    cls_head=dict(
        type='I3DHead', in_channels=2048, num_classes=400, spatial_type='avg', dropout_ratio=0.5, average_clips='prob'
    ),
    data_preprocessor=dict(
        type='ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCTHW',
    ),
)
