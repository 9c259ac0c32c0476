"""TCLR at evidence size: instance contrast; clips of one video at different times are negatives, too.

    python tools/train.py configs/rivals/evidence/tclr.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/tclr

Reads what `make evidence` makes. Not in the paper's tables. Losses of the paper and the official code, each a mean of
its terms; two short clips in place of four. All clips of a video share one flip.
Protocol: retrieval_paper, with 4 clips
Cost: 6 clips a video, 17,280 in all; 5 epochs
"""

_base_ = '../../_base_/rivals/evidence_6_clips.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='TCLRHead', in_channels=128, shorts=2, hidden_channels=128))
_sample = dict(_delete_=True, type='SampleTCLR', shorts=2, clip_len=16, frame_interval=2)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=dict(flips='shared'))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
