"""All three pretext tasks at the demo's size: residuals have the motion task's settings and their own networks."""

_base_ = './demo_pretrain.py'

model = dict(
    residual_head=dict(
        type='ResidualInfoNCEHead',
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
        r_network=dict(
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
        hidden_channels=256,
        embed_channels=128,
        output_norm='none',
        temperature=0.1,
    ),
)
