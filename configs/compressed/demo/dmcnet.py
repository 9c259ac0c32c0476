"""DMC-Net without its adversarial loss at the demo's size; chance 1.6 %.

    cmvl prepare work_dirs/demo/source/videos work_dirs/demo/prepared/videos --flow
    python tools/train.py configs/compressed/demo/dmcnet.py
    python tools/test.py configs/compressed/demo/dmcnet.py work_dirs/compressed/demo/dmcnet --dump-features dmc.npz

Reads what `make demo` makes, and its flow; for your own prepared videos: --cfg-options data=FOLDER
The generator also reads the channel that marks real vectors.
Protocol: recognition, with 8 segments
Cost: 3 pictures a video; 12 epochs
"""

_base_ = './coviar_motion.py'

from cmvl_mm.datasets.stages import change

model = dict(
    type='DMCRecognizer',
    backbone=dict(in_channels=2),
    channels=6,
    cell=8,
    flow_weight=10.0,
    input_norm=None,
    data_preprocessor=dict(std=[57.63]),
)
_known = ('vectors', 'residual')
_pipeline = change(_base_.train_dataloader.dataset.pipeline, read=dict(streams=(*_known, 'flow')))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
test_pipeline = change(_base_.test_pipeline, read=dict(streams=_known))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del _known, _pipeline
