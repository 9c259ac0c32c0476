"""Pretraining: 120 epochs, SGD, lr = 0.0005 x global batch, weight decay 0.005, cosine to zero.

The paper gives no more. From the authors' release: 5 epochs of linear warm-up from a hundredth, a rate that changes
once an epoch, and gradients clipped to a norm of 15 (PAPER.md).
"""

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.032, momentum=0.9, weight_decay=0.005),
    clip_grad=dict(max_norm=15, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=6),  # epoch 6 has the full rate
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=5, end=120, T_max=115),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=120)
auto_scale_lr = dict(enable=True, base_batch_size=64)
