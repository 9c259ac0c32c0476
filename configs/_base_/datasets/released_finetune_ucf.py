"""UCF101 as released: clips from the original .avi, rotated by up to 10 degrees in training, frame 0 past the end."""

_base_ = './finetune_ucf.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(
        data_prefix=dict(rgb='data/ucf101/originals'),
        rgb_suffix='.avi',
        pipeline=change(
            _base_.train_dataloader.dataset.pipeline, sample=dict(past_end='repeat_first'), crop=dict(rotation=10.0)
        ),
    ),
)
test_pipeline = change(_base_.test_pipeline, sample=dict(past_end='repeat_first'))
test_dataloader = dict(
    dataset=dict(
        data_prefix=dict(rgb='data/ucf101/originals'),
        rgb_suffix='.avi',
        pipeline=test_pipeline,
    ),
)
