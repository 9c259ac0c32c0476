"""EMV-CNN at the demo's size: a network on 4 fields of motion vectors, taught by one on flow; chance 1.6 %.

    python tools/train.py configs/compressed/demo/emvcnn_student.py
    python tools/test.py configs/compressed/demo/emvcnn_student.py work_dirs/compressed/demo/emvcnn_student

Reads the videos, flow and checkpoint of emvcnn_teacher.py; for your own prepared videos: --cfg-options data=FOLDER
Unverified: temperature 2 and weight 4; network and schedule are the demo's.
Protocol: recognition, with 8 segments
Cost: 3 stacks of 4 fields a video, and as many through the teacher; 12 epochs
"""

_base_ = './emvcnn_teacher.py'

from cmvl_mm.datasets.stages import change

model = dict(
    type='EMVRecognizer',
    teacher='work_dirs/compressed/demo/emvcnn_teacher',
    start='teacher',
    temperature=2.0,
    weight=4.0,
)
_both, _own = dict(read=dict(streams=('vectors', 'flow'))), dict(read=dict(streams=('vectors',)))
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, **_both)))
test_pipeline = change(_base_.test_pipeline, **_own)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del _both, _own
