"""Both pretext tasks at the demo's size: 36 points, 2304 keys at batch 16, no BN on the embeddings,
alpha = 0.9, no dropout."""

_base_ = './demo.py'

_heads = dict(hidden_channels=256, embed_channels=128, output_norm='none', temperature=0.1)
model = dict(
    context_head=dict(
        type='ContextMatchingHead',
        in_channels=128,
        i_network=dict(
            type='VideoResNet',
            block='basic',
            depths=(0, 1, 1, 1),
            convolution='2d',
            width=16,
            stem_kernel=(1, 5, 5),
            stem_pool='none',
            branch_start='full',
        ),
        loss_weight=0.1,
        **_heads,
    ),
    motion_head=dict(
        type='PointwiseInfoNCEHead',
        predictor=dict(
            type='TransformerPredictor',
            in_channels=128,
            memory_size=(2, 6, 6),
            query_size=(1, 6, 6),
            width=128,
            ffn_width=128,
            num_heads=4,
            num_encoder_layers=1,
            num_decoder_layers=2,
            dropout=0.0,
            positions='input',
        ),
        m_network=dict(
            type='VideoResNet',
            block='basic',
            depths=(0, 1, 1, 1),
            convolution='3d',
            in_channels=2,
            width=8,
            stem_kernel=(3, 3, 3),
            stem_stride=(1, 1, 1),
            stem_pool='none',
            branch_start='full',
            stage_strides=((1, 1, 1), (2, 2, 2), (2, 1, 1), (2, 1, 1)),
        ),
        loss_weight=0.9,
        **_heads,
    ),
)
del _heads
