"""C3D with all three pretext tasks: residuals have the motion task's settings and their own networks."""

_base_ = './c3d_pretrain.py'

model = dict(
    residual_head=dict(
        type='ResidualInfoNCEHead',
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
        r_network=dict(
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
