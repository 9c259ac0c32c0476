"""VCP at evidence size: how was the middle one of three clips altered?

    python tools/train.py configs/rivals/evidence/vcp.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/vcp

Reads what `make evidence` makes. Unverified: the alterations are those of a re-implementation. Clips of 16 x 1: with 16
x 2, three clips do not fit into 108 frames. All clips of a video share one flip.
Protocol: retrieval_paper, with 4 clips
Cost: 3 clips a video, 17,280 in all; 10 epochs
"""

_base_ = '../../_base_/rivals/evidence_3_clips.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='VCPHead', in_channels=128))
_sample = dict(_delete_=True, type='SampleVCP', clip_len=16, frame_interval=1, gap=8, away=16)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=dict(flips='shared'))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
