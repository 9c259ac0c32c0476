"""Table 4 at the demo's size: I-frames + optical flow.

    cmvl prepare work_dirs/demo/source/videos work_dirs/demo/prepared/videos --flow
    python tools/train.py configs/demo/table4_optical_flow.py
    python tools/test.py configs/demo/retrieval.py work_dirs/demo/table4_optical_flow

Reads what `make demo` makes, and its flow.
Changes: train_dataloader.dataset.pipeline.read.motion
"""

_base_ = './pretrain.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, read=dict(motion='flow')))
)
