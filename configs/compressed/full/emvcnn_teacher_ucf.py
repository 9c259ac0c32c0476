"""EMV-CNN's teacher: a network on 10 fields of TV-L1 flow, UCF101 split 1.

    cmvl prepare path/to/UCF-101 data/ucf101/videos --profile coviar --flow
    python tools/train.py configs/compressed/full/emvcnn_teacher_ucf.py
    python tools/test.py configs/compressed/full/emvcnn_teacher_ucf.py work_dirs/compressed/full/emvcnn_teacher_ucf

Unverified: only the method of the paper was available. Network and schedule are those of coviar_motion_ucf.py, so that
the methods can be compared; the paper has another network.
Paper: none for this part
Protocol: recognition
Cost: 3 stacks of 10 fields a video; not run; the flow alone takes about a second a frame on one core
"""

_base_ = './coviar_motion_ucf.py'

from cmvl_mm.datasets.stages import change

_flow = dict(sample=dict(stack=10), read=dict(streams=('flow',)))
model = dict(backbone=dict(in_channels=20), input_norm=20)
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, **_flow)))
test_pipeline = change(_base_.test_pipeline, **_flow)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del _flow
