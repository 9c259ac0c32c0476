"""Shuffle & Learn at evidence size: are three frames in temporal order?

    python tools/train.py configs/rivals/evidence/shuffle_learn.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/shuffle_learn

Reads what `make evidence` makes. Unverified: tuples are made as commonly described. Gaps of 8 to 24 frames in place of
15 to 60. A frame is passed as a clip of 16 equal frames. All clips of a video share one flip.
Protocol: retrieval_paper, with 4 clips
Cost: 3 clips a video, 17,280 in all; 10 epochs
"""

_base_ = '../../_base_/rivals/evidence_3_clips.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='ShuffleLearnHead', in_channels=128))
_sample = dict(_delete_=True, type='SampleShuffleLearn', min_gap=8, max_gap=24)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=dict(flips='shared'))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
