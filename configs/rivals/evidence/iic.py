"""IIC at evidence size: pictures and their differences find each other; a clip with broken time is a negative.

    python tools/train.py configs/rivals/evidence/iic.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/iic

Reads what `make evidence` makes. Not in the paper's tables. Negatives are of the batch, 11 for each clip; the official
code has a memory bank with an entry a video.
Protocol: retrieval_paper, with 4 clips
Cost: 3 clips a video, 17,280 in all; 10 epochs
"""

_base_ = '../../_base_/rivals/evidence_3_clips.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='IICHead', in_channels=128, hidden_channels=128))
_sample = dict(_delete_=True, type='SampleIIC', clip_len=16, frame_interval=2)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample)
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
