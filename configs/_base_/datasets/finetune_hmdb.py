"""HMDB51, split 1, read in the same way as UCF101."""

_base_ = './finetune_ucf.py'

train_dataloader = dict(
    dataset=dict(ann_file='data/hmdb51/train_split1.txt', data_prefix=dict(video='data/hmdb51/videos'))
)
test_dataloader = dict(
    dataset=dict(ann_file='data/hmdb51/test_split1.txt', data_prefix=dict(video='data/hmdb51/videos'))
)
