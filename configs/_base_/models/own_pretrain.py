"""Both pretext tasks of the ResNet-18: 25 points, 1600 keys at batch 16, alpha = 0.5 as in the paper."""

_base_ = './own.py'

_heads = dict(hidden_channels=512, embed_channels=128, temperature=0.1, loss_weight=0.5)
model = dict(
    context_head=dict(
        type='ContextMatchingHead',
        in_channels=320,
        i_network=dict(
            type='VideoResNet',
            block='basic',
            depths=(1, 1, 1, 1),
            convolution='2d',
            width=40,
            stem_pool='none',
            branch_start='full',
        ),
        **_heads,
    ),
    motion_head=dict(
        type='PointwiseInfoNCEHead',
        predictor=dict(
            type='TransformerPredictor',
            in_channels=320,
            memory_size=(2, 5, 5),
            query_size=(1, 5, 5),
            width=256,
            ffn_width=256,
            num_heads=4,
            num_encoder_layers=1,
            num_decoder_layers=2,
            dropout=0.1,
        ),
        m_network=dict(
            type='VideoResNet',
            block='basic',
            depths=(1, 1, 1, 1),
            convolution='3d',
            in_channels=2,
            width=20,
            stem_kernel=(3, 3, 3),
            stem_stride=(1, 1, 1),
            stem_pool='none',
            branch_start='full',
            stage_strides=((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 1, 1)),
        ),
        **_heads,
    ),
)
del _heads
