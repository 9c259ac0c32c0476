"""EMV-CNN: a network on 10 fields of motion vectors, taught by one on flow, UCF101 split 1.

    python tools/train.py configs/compressed/full/emvcnn_student_ucf.py
    python tools/test.py configs/compressed/full/emvcnn_student_ucf.py \
        work_dirs/compressed/full/emvcnn_student_ucf --dump-features motion.npz

Reads the flow and the checkpoint of emvcnn_teacher_ucf.py. The student starts from the teacher's weights and learns
from its softened scores. Unverified: temperature 2 and weight 4; network and schedule are those of
coviar_motion_ucf.py.
Paper: 86.4 (UCF101, with its spatial network, as DMC-Net's authors list it)
Protocol: recognition
Cost: 3 stacks of 10 fields a video, and as many through the teacher; not run
"""

_base_ = './emvcnn_teacher_ucf.py'

from cmvl_mm.datasets.stages import change

model = dict(
    type='EMVRecognizer',
    teacher='work_dirs/compressed/full/emvcnn_teacher_ucf',
    start='teacher',
    temperature=2.0,
    weight=4.0,
)
_both, _own = dict(read=dict(streams=('vectors', 'flow'))), dict(read=dict(streams=('vectors',)))
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, **_both)))
test_pipeline = change(_base_.test_pipeline, **_own)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del _both, _own
