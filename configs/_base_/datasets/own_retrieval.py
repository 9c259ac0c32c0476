"""Your own videos, labelled: test videos search training videos by the mean feature of 4 bin-centre clips at 80 px."""

_base_ = './retrieval_ucf.py'

from cmvl_mm.datasets.stages import change

test_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(
        gallery='data/own/train.txt',
        query='data/own/test.txt',
        data_prefix=dict(video='data/own'),
        pipeline=change(
            _base_.test_dataloader.dataset.pipeline,
            sample=dict(frame_interval=2, num_clips=4),
            crop=dict(size=80, resize_short=92),
        ),
    ),
)
