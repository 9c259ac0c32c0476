"""CoViAR's I-frames: ResNet-152 on one I-frame a segment, UCF101 split 1, 510 epochs.

    python tools/train.py configs/compressed/full/coviar_iframe_ucf.py
    python tools/test.py configs/compressed/full/coviar_iframe_ucf.py work_dirs/compressed/full/coviar_iframe_ucf \
        --dump-features iframe.npz

Settings of the published code, without its slight colour changes in training and testing.
Paper: 87, the three streams fused 90.5 (UCF101, mean of 3 splits; published code)
Protocol: recognition
Cost: 3 pictures a video; not run
"""

_base_ = './coviar_motion_ucf.py'

from cmvl_mm.datasets.stages import change

_read = dict(sample=dict(frames='iframe'), read=dict(_delete_=True, type='ReadCompressed'))
_crop = dict(crop=dict(scales=(1, 0.875, 0.75, 0.66)))
model = dict(
    backbone=dict(in_channels=3, depth=152, pretrained='torchvision://resnet152'),
    cls_head=dict(in_channels=2048),
    input_norm=None,
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
)
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, **_read, **_crop)))
test_pipeline = change(_base_.test_pipeline, **_read)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(
    optimizer=dict(lr=0.0003),
    paramwise_cfg=dict(_delete_=True, custom_keys={'backbone': dict(lr_mult=0.01)}),
)
del _read, _crop
