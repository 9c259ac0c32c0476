"""CoViAR's training on UCF101: Adam, batch 80, 510 epochs, learning rate / 10 at 150, 270 and 390.

As in the published code, the classifier learns at the full rate, the stem and the input norm at a tenth, and the rest
at a hundredth (for I-frames, the stem also at a hundredth). Biases have weight decay here, and none in that code.
"""

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=0.01, eps=0.001, weight_decay=0.0001),
    paramwise_cfg=dict(
        custom_keys={
            'backbone': dict(lr_mult=0.01),
            'backbone.conv1': dict(lr_mult=0.1),
            'input_norm': dict(lr_mult=0.1),
        }
    ),
)
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[150, 270, 390], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=510)
auto_scale_lr = dict(enable=True, base_batch_size=80)
