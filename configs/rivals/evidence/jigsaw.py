"""Jigsaw at evidence size: in which of 64 far permutations are the nine tiles of a frame shown?

    python tools/train.py configs/rivals/evidence/jigsaw.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/jigsaw

Reads what `make evidence` makes. Unverified: everything is as commonly described. The picture has 96 px, four times the
pixels of a clip's frame; tiles have 27 px. A tile is passed as a clip of 16 equal frames. There are 64 permutations,
fewer than the usual 100 to 1,000.
Protocol: retrieval_paper, with 4 clips
Cost: 4 clips a video, 18,432 in all; 8 epochs
"""

_base_ = '../../_base_/rivals/evidence_4_clips.py'

from cmvl_mm.datasets.stages import change

_crop = dict(size=96)
model = dict(pretext_head=dict(type='JigsawHead', in_channels=128, num_orders=64, width=128, clips_per_picture=4))
_sample = dict(_delete_=True, type='SampleJigsaw', num_orders=64)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=_crop)
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _crop
del _sample, _pipeline
