"""UCF101, split 1's training videos, unlabelled: clips of 16 x 4 at 112 px, 8 frames of motion, 3 hard negatives.

The paper gives these numbers, and "the next 8 consecutive frames" for the motion. From the authors' release: a gap of 2
frames before the motion, no videos of fewer than 71 frames, I-frames up to 5 frames from the clip, and the values of
crop, blur and jitter. The release also has grey clips; the paper and this config do not (PAPER.md).
"""

train_dataloader = dict(
    batch_size=16,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='ResumableSampler', shuffle=True),
    collate_fn=dict(type='compressed_collate'),
    dataset=dict(
        type='CompressedVideoDataset',
        ann_file='data/ucf101/train_split1.txt',
        data_prefix=dict(video='data/ucf101/videos'),
        labels='optional',
        block=16,
        pipeline=[
            dict(
                type='SamplePretraining',
                clip_len=16,
                frame_interval=4,
                future_gap=2,
                motion_len=8,
                num_negatives=3,
                iframe_margin=5,
                past_end='error',
            ),
            dict(type='ReadCompressed'),
            dict(type='RandomCropFlip', size=112, area=(0.2, 1.0), aspect=(3 / 4, 4 / 3), flip_prob=0.5),
            dict(
                type='AugmentColour',
                blur_prob=0.5,
                blur_sigma=(0.1, 2.0),
                jitter_prob=0.5,
                brightness=0.4,
                contrast=0.4,
                saturation=0.4,
                hue=0.1,
                gray_prob=0.0,
            ),
            dict(type='PackSample', clips='one'),
        ],
    ),
)
