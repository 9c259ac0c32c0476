"""DMC-Net without its adversarial loss: a generator of flow before ResNet-18, UCF101 split 1, 50 epochs.

    cmvl prepare path/to/UCF-101 data/ucf101/videos --profile coviar --flow
    python tools/train.py configs/compressed/full/dmcnet_ucf.py
    python tools/test.py configs/compressed/full/dmcnet_ucf.py work_dirs/compressed/full/dmcnet_ucf \
        --dump-features dmc.npz

Settings of the published code for HMDB51. There the classifier starts from a flow network, all its layers learn at a
hundredth of the rate, and it does not learn for one epoch. Here it starts from ImageNet, and its last layer learns at
the full rate. All channels have one scale, the mean of ImageNet's three.
Paper: none for this part
Protocol: recognition
Cost: 3 pictures a video; not run; the flow alone takes about a second a frame on one core
"""

_base_ = './coviar_motion_ucf.py'

from cmvl_mm.datasets.stages import change

model = dict(
    type='DMCRecognizer', channels=5, cell=16, flow_weight=10.0, input_norm=None, data_preprocessor=dict(std=[57.63])
)
_known = ('vectors', 'residual')
_pipeline = change(_base_.train_dataloader.dataset.pipeline, read=dict(streams=(*_known, 'flow')))
train_dataloader = dict(batch_size=45, dataset=dict(pipeline=_pipeline))
test_pipeline = change(_base_.test_pipeline, read=dict(streams=_known))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(paramwise_cfg=dict(_delete_=True, custom_keys={'backbone': dict(lr_mult=0.01)}))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[20, 35, 45], gamma=0.1)]
train_cfg = dict(max_epochs=50)
auto_scale_lr = dict(base_batch_size=45)
del _known, _pipeline
