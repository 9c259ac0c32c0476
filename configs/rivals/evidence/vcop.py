"""VCOP at evidence size: in which of six orders are three clips shown?

    python tools/train.py configs/rivals/evidence/vcop.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/vcop

Reads what `make evidence` makes. Clips of 16 x 1: with 16 x 2, as in the other methods, three clips do not fit into 108
frames. All clips of a video share one flip.
Protocol: retrieval_paper, with 4 clips
Cost: 3 clips a video, 17,280 in all; 10 epochs
"""

_base_ = '../../_base_/rivals/evidence_3_clips.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='VCOPHead', in_channels=128, width=128))
_sample = dict(_delete_=True, type='SampleVCOP', clip_len=16, frame_interval=1, gap=8)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=dict(flips='shared'))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
