"""UCF101, split 1: one random clip for training, the centres of 10 equal bins for testing.

The paper says "10 uniformly sampled clips"; the bin centres are from the authors' release. So are the values of crop,
blur and jitter, which are those of pretraining, and the centre crop of 112 of 128 px (PAPER.md).
"""

_base_ = './pretrain_ucf.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        labels='required',
        pipeline=change(
            _base_.train_dataloader.dataset.pipeline,
            sample=dict(
                _delete_=True,
                type='SampleClips',
                clip_len=16,
                frame_interval=4,
                place='random',
                past_end='repeat_last',
            ),
        ),
    ),
)
test_pipeline = [
    dict(type='OpenVideo'),
    dict(
        type='SampleClips',
        clip_len=16,
        frame_interval=4,
        place='bin_centres',
        num_clips=10,
        past_end='repeat_last',
    ),
    dict(type='ReadCompressed'),
    dict(type='CentreCrop', size=112, resize_short=128),
    dict(type='PackSample', clips='many'),
]
test_dataloader = dict(
    batch_size=2,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CompressedVideoDataset',
        ann_file='data/ucf101/test_split1.txt',
        data_prefix=dict(video='data/ucf101/videos'),
        labels='required',
        on_error='raise',
        pipeline=test_pipeline,
    ),
)
test_evaluator = dict(type='AccMetric', prefix='finetune', metric_list=('top_k_accuracy', 'mean_class_accuracy'))
test_cfg = dict(type='TestLoop')
