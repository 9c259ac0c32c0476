"""DSM at evidence size: a warped clip finds the original clip; another segment of its video is a negative.

    python tools/train.py configs/rivals/evidence/dsm.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/dsm

Reads what `make evidence` makes. A queue of 256 keys, fewer than there are videos, and momentum 0.99 for 960 steps. All
clips of a video share one flip.
Protocol: retrieval_paper, with 4 clips
Cost: 3 clips a video, 17,280 in all; 10 epochs
"""

_base_ = '../../_base_/rivals/evidence_3_clips.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='DSMHead', in_channels=128, hidden_channels=128, momentum=0.99, queue_size=256))
_sample = dict(_delete_=True, type='SampleDSM', clip_len=16, frame_interval=2)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=dict(flips='shared'))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
