"""CoViAR's I-frames at the demo's size; chance 1.6 %.

    python tools/train.py configs/compressed/demo/coviar_iframe.py
    python tools/test.py configs/compressed/demo/coviar_iframe.py work_dirs/compressed/demo/coviar_iframe \
        --dump-features iframe.npz

Reads what `make demo` makes; for your own prepared videos: --cfg-options data=FOLDER
Protocol: recognition, with 8 segments
Cost: 3 pictures a video; 12 epochs
"""

_base_ = './coviar_motion.py'

from cmvl_mm.datasets.stages import change

_read = dict(sample=dict(frames='iframe'), read=dict(_delete_=True, type='ReadCompressed'))
model = dict(input_norm=None, data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]))
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, **_read)))
test_pipeline = change(_base_.test_pipeline, **_read)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del _read
