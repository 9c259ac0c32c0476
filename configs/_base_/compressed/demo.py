"""The demo's videos with joint labels: 3 segments at 48 px for training, the middles of 8 for testing."""

_base_ = '../datasets/demo_finetune.py'

_read = dict(type='ReadStreams', streams=('accumulated_vectors',), invalid='channel')
_pack = dict(type='PackSample', clips='many', layout='NCHW')
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='SampleSegments', segments=3, place='random', frames='predicted'),
            _read,
            dict(type='MultiScaleCropFlip', size=48, scales=(1, 0.875, 0.75), flip_prob=0.0),
            _pack,
        ],
    ),
)
test_pipeline = [
    dict(type='OpenVideo', block=16),
    dict(type='SampleSegments', segments=8, place='middle', frames='predicted'),
    _read,
    dict(type='CentreCrop', size=48, resize_short=56),
    _pack,
]
test_dataloader = dict(dataset=dict(block=16, pipeline=test_pipeline))
test_evaluator = dict(prefix='recognition')
del _read, _pack
