"""EMV-CNN's teacher at the demo's size: a network on 4 fields of TV-L1 flow; chance 1.6 %.

    cmvl prepare work_dirs/demo/source/videos work_dirs/demo/prepared/videos --flow
    python tools/train.py configs/compressed/demo/emvcnn_teacher.py
    python tools/test.py configs/compressed/demo/emvcnn_teacher.py work_dirs/compressed/demo/emvcnn_teacher

Reads what `make demo` makes, and its flow; for your own prepared videos: --cfg-options data=FOLDER
Unverified: only the method of the paper was available; network and schedule are the demo's.
Protocol: recognition, with 8 segments
Cost: 3 stacks of 4 fields a video; 12 epochs
"""

_base_ = './coviar_motion.py'

from cmvl_mm.datasets.stages import change

_flow = dict(sample=dict(stack=4), read=dict(streams=('flow',)))
model = dict(backbone=dict(in_channels=12), input_norm=12)
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, **_flow)))
test_pipeline = change(_base_.test_pipeline, **_flow)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del _flow
