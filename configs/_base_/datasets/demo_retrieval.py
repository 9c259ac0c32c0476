"""The controlled set: test videos search training videos by the mean feature of 4 bin-centre clips."""

_base_ = './retrieval_ucf.py'

test_dataloader = dict(
    batch_size=8,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        gallery='data/controlled/annotations/train_joint.txt',
        query='data/controlled/annotations/test_joint.txt',
        data_prefix=dict(video='data/controlled'),
        pipeline=dict(sample=dict(frame_interval=2, num_clips=4), crop=dict(size=48, resize_short=56)),
    ),
)
