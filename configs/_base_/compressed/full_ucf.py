"""UCF101, split 1, as TSN: 3 segments at 224 px for training, the middles of 25 for testing, one centre crop.

Prepare the videos in CoViAR's format with `cmvl prepare --profile coviar`: MPEG-4, 340x256 px, I + 11 P, quality 1.
"""

_base_ = '../datasets/finetune_ucf.py'

_read = dict(type='ReadStreams', streams=('accumulated_vectors',), invalid='no_motion')
_pack = dict(type='PackSample', clips='many', layout='NCHW')
train_dataloader = dict(
    batch_size=80,
    dataset=dict(
        pipeline=[
            dict(type='SampleSegments', segments=3, place='random', frames='predicted'),
            _read,
            dict(type='MultiScaleCropFlip', size=224, scales=(1, 0.875, 0.75)),
            _pack,
        ],
    ),
)
test_pipeline = [
    dict(type='OpenVideo', block=16),
    dict(type='SampleSegments', segments=25, place='middle', frames='predicted'),
    _read,
    dict(type='CentreCrop', size=224, resize_short=256),
    _pack,
]
test_dataloader = dict(batch_size=1, dataset=dict(block=16, pipeline=test_pipeline))
test_evaluator = dict(prefix='recognition')
del _read, _pack
