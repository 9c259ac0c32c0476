"""Your own videos with labels: one random clip 16 x 2 at 80 px for training, 4 bin-centre clips for testing."""

_base_ = './finetune_ucf.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(
        ann_file='data/own/train.txt',
        data_prefix=dict(video='data/own'),
        pipeline=change(
            _base_.train_dataloader.dataset.pipeline, sample=dict(frame_interval=2), crop=dict(size=80, area=(0.4, 1.0))
        ),
    ),
)
test_pipeline = change(
    _base_.test_pipeline, sample=dict(frame_interval=2, num_clips=4), crop=dict(size=80, resize_short=92)
)
test_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(ann_file='data/own/test.txt', data_prefix=dict(video='data/own'), pipeline=test_pipeline),
)
