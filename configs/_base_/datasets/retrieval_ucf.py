"""UCF101, split 1: test videos search training videos by the mean feature of 10 bin-centre clips.

The paper says 10 clips "by sliding window"; the centres of 10 equal bins are our interpretation (PAPER.md).
"""

test_dataloader = dict(
    batch_size=2,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='RetrievalDataset',
        gallery='data/ucf101/train_split1.txt',
        query='data/ucf101/test_split1.txt',
        data_prefix=dict(video='data/ucf101/videos'),
        pipeline=[
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
        ],
    ),
)
test_evaluator = dict(type='VideoRetrievalRecall', protocol='paper', ks=(1, 5, 10, 20, 50))
test_cfg = dict(type='TestLoop')
