"""HMDB51, split 1, searched in the same way as UCF101."""

_base_ = './retrieval_ucf.py'

test_dataloader = dict(
    dataset=dict(
        gallery='data/hmdb51/train_split1.txt',
        query='data/hmdb51/test_split1.txt',
        data_prefix=dict(video='data/hmdb51/videos'),
    )
)
