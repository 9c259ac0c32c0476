"""C3D with both pretext tasks: J = (1 - alpha) J_I + alpha J_M, alpha = 0.5 (eq. 3)."""

_base_ = './c3d.py'

model = dict(
    context_head=dict(
        type='ContextMatchingHead',
        in_channels=512,
        i_network=dict(type='VideoResNet', block='basic', depths=(1, 1, 1, 1), convolution='2d', in_channels=3),
        loss_weight=0.5,
        temperature=0.1,
    ),
    motion_head=dict(
        type='PointwiseInfoNCEHead',
        predictor=dict(
            type='TransformerPredictor',
            in_channels=512,
            memory_size=(2, 7, 7),
            query_size=(1, 7, 7),
            width=512,
            ffn_width=512,
            num_heads=8,
            num_encoder_layers=2,
            num_decoder_layers=4,
            dropout=0.1,
        ),
        m_network=dict(
            type='VideoResNet',
            block='basic',
            depths=(1, 1, 1, 1),
            convolution='3d',
            in_channels=2,
            stem_stride=(1, 1, 1),
        ),
        loss_weight=0.5,
        temperature=0.1,
    ),
)
