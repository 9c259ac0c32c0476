"""The controlled set with joint labels: one random clip for training, 4 bin-centre clips for testing."""

_base_ = './finetune_ucf.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        ann_file='work_dirs/demo/source/annotations/train_joint.txt',
        data_prefix=dict(video='work_dirs/demo/prepared'),
        pipeline=change(
            _base_.train_dataloader.dataset.pipeline,
            sample=dict(frame_interval=2),
            crop=dict(size=48, area=(0.643, 0.643), aspect=(1.0, 1.0), flip_prob=0.0),
            colour=dict(
                blur_prob=0.0, jitter_prob=1.0, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.5, gray_prob=0.3
            ),
        ),
    ),
)
test_pipeline = change(
    _base_.test_pipeline, sample=dict(frame_interval=2, num_clips=4), crop=dict(size=48, resize_short=56)
)
test_dataloader = dict(
    batch_size=8,
    num_workers=2,
    pin_memory=False,
    dataset=dict(
        ann_file='work_dirs/demo/source/annotations/test_joint.txt',
        data_prefix=dict(video='work_dirs/demo/prepared'),
        pipeline=test_pipeline,
    ),
)
