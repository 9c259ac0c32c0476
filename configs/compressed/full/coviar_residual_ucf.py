"""CoViAR's residuals: ResNet-18 on accumulated residuals, UCF101 split 1, 510 epochs.

    python tools/train.py configs/compressed/full/coviar_residual_ucf.py
    python tools/test.py configs/compressed/full/coviar_residual_ucf.py \
        work_dirs/compressed/full/coviar_residual_ucf --dump-features residual.npz

Settings of the published code. As there, a residual is the difference of pictures along accumulated vectors.
Paper: 80, the three streams fused 90.5 (UCF101, mean of 3 splits; published code)
Protocol: recognition
Cost: 3 pictures a video; not run
"""

_base_ = './coviar_motion_ucf.py'

from cmvl_mm.datasets.stages import change

_read = dict(read=dict(streams=('accumulated_residual',)))
model = dict(
    backbone=dict(in_channels=3),
    input_norm=3,
    data_preprocessor=dict(mean=[127.5], std=[58.395, 57.12, 57.375]),
)
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, **_read)))
test_pipeline = change(_base_.test_pipeline, **_read)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.005))
del _read
