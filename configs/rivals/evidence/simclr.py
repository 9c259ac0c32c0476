"""Plain instance contrast at evidence size: two clips of a video find each other in the batch (SimCLR on clips).

    python tools/train.py configs/rivals/evidence/simclr.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/simclr

Reads what `make evidence` makes. Not in the paper's tables. All clips of a video share one flip.
Protocol: retrieval_paper, with 4 clips
Cost: 2 clips a video, 17,280 in all; 15 epochs
"""

_base_ = '../../_base_/rivals/evidence_2_clips.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='SimCLRHead', in_channels=128, hidden_channels=128, temperature=0.1))
_sample = dict(_delete_=True, type='SampleViews', clip_len=16, frame_interval=2)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=dict(flips='shared'))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
