"""The controlled set: test videos search training videos by the mean feature of 4 bin-centre clips."""

_base_ = './retrieval_ucf.py'

from cmvl_mm.datasets.stages import change

test_dataloader = dict(
    batch_size=8,
    num_workers=2,
    pin_memory=False,
    dataset=dict(
        gallery='work_dirs/demo/source/annotations/train_joint.txt',
        query='work_dirs/demo/source/annotations/test_joint.txt',
        data_prefix=dict(video='work_dirs/demo/prepared'),
        pipeline=change(
            _base_.test_dataloader.dataset.pipeline,
            sample=dict(frame_interval=2, num_clips=4),
            crop=dict(size=48, resize_short=56),
        ),
    ),
)
