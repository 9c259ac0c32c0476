"""SpeedNet at evidence size: normal or sped up? Both versions of a video are in one batch.

    python tools/train.py configs/rivals/evidence/speednet.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/speednet

Reads what `make evidence` makes. Unverified: there is no official code; everything is as commonly described. Speed 1
is a stride of 2 here, and sizes are 32 to 64 px, in place of 64 frames of 64 to 336 px.
Protocol: retrieval_paper, with 4 clips
Cost: 2 clips a video, 17,280 in all; 15 epochs
"""

_base_ = '../../_base_/rivals/evidence_2_clips.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='SpeedNetHead', in_channels=128, sizes=(32, 64)))
_sample = dict(_delete_=True, type='SampleSpeedNet', clip_len=16, frame_interval=2)
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=_sample)))
del _sample
