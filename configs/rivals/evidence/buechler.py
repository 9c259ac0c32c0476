"""Büchler, policy replaced, at evidence size: the orders of nine tiles and of four frames, hard ones weigh more.

    python tools/train.py configs/rivals/evidence/buechler.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/buechler

Reads what `make evidence` makes. Unverified: everything is as commonly described. Its reinforcement-learned policy is
replaced by weights, so this is not the paper's method. Tiles and their 64 permutations as in jigsaw.py. All clips of a
video share one flip.
Protocol: retrieval_paper, with 4 clips
Cost: 8 clips a video, 18,432 in all; 4 epochs
"""

_base_ = '../../_base_/rivals/evidence_8_clips.py'

from cmvl_mm.datasets.stages import change

_crop = dict(size=96, flips='shared')
model = dict(
    pretext_head=dict(
        type='BuechlerHead', in_channels=128, num_orders=64, width=128, frame_size=48, clips_per_picture=4
    )
)
_sample = dict(_delete_=True, type='SampleTilesAndFrames', gap=8, num_orders=64)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=_crop)
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _crop
del _sample, _pipeline
