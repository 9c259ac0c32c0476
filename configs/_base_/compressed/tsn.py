"""MMAction2's TSN on one stream: ResNet-18 from ImageNet; scores are averaged before the softmax, as in CoViAR."""

model = dict(
    type='StreamRecognizer',
    backbone=dict(type='ResNet', depth=18, pretrained='torchvision://resnet18', norm_eval=False),
    cls_head=dict(
        type='TSNHead', num_classes=101, in_channels=512, dropout_ratio=0.0, init_std=0.01, average_clips='score'
    ),
    data_preprocessor=dict(type='ActionDataPreprocessor', format_shape='NCHW'),
)
