"""3D-RotNet at evidence size: which of four rotations does the clip have? All four are in one batch.

    python tools/train.py configs/rivals/evidence/rotnet.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/rotnet

Reads what `make evidence` makes. The rotation by up to 10 degrees before the crop is the method's own.
Protocol: retrieval_paper, with 4 clips
Cost: 4 clips a video, 18,432 in all; 8 epochs
"""

_base_ = '../../_base_/rivals/evidence_4_clips.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='RotNetHead', in_channels=128))
_sample = dict(_delete_=True, type='SampleRotNet', clip_len=16, frame_interval=2)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=dict(rotation=10.0))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
