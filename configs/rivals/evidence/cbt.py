"""CBT, the visual part, at evidence size: a transformer recovers the masked one of six windows.

    python tools/train.py configs/rivals/evidence/cbt.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/cbt

Reads what `make evidence` makes. Unverified: there is no official code; everything is as commonly described. All
windows share one crop.
Protocol: retrieval_paper, with 4 clips
Cost: 6 clips a video, 17,280 in all; 5 epochs
"""

_base_ = '../../_base_/rivals/evidence_6_clips.py'

from cmvl_mm.datasets.stages import change

_crop = dict(type='RandomCropFlip')
model = dict(pretext_head=dict(type='CBTHead', in_channels=128, windows=6, width=128))
_sample = dict(_delete_=True, type='SampleBlocks', blocks=6, block_len=16, frame_interval=1)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=_crop)
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _crop
del _sample, _pipeline
