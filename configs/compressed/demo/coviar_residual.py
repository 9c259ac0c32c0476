"""CoViAR's residuals at the demo's size; chance 1.6 %.

    python tools/train.py configs/compressed/demo/coviar_residual.py
    python tools/test.py configs/compressed/demo/coviar_residual.py work_dirs/compressed/demo/coviar_residual \
        --dump-features residual.npz

Reads what `make demo` makes; for your own prepared videos: --cfg-options data=FOLDER
Protocol: recognition, with 8 segments
Cost: 3 pictures a video; 12 epochs
"""

_base_ = './coviar_motion.py'

from cmvl_mm.datasets.stages import change

_read = dict(read=dict(streams=('accumulated_residual',)))
model = dict(data_preprocessor=dict(mean=[127.5], std=[58.395, 57.12, 57.375]))
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, **_read)))
test_pipeline = change(_base_.test_pipeline, **_read)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del _read
