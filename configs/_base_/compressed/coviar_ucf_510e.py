"""CoViAR's training on UCF101: Adam, batch 80, 510 epochs, a tenth at 150, 270 and 390.

The classifier learns at the full rate, stem and input norm at a tenth, the rest at a hundredth (published code; of
I-frames the stem, too, at a hundredth). There biases have no weight decay; here they have.
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
