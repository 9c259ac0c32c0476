"""VTHCL at evidence size: 8 and 32 frames of one segment of a video find each other, at two depths.

    python tools/train.py configs/rivals/evidence/vthcl.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/vthcl

Reads what `make evidence` makes. Unverified: there is no official code; everything is as commonly described. Negatives
are the other 7 videos of the batch, not a memory bank. The read-outs use the network of the slow clip (stride 8) at
stride 2. All clips of a video share one flip.
Protocol: retrieval_paper, with 4 clips
Cost: 2.5 clips a video, 17,280 in all; 12 epochs
"""

_base_ = '../../_base_/rivals/evidence_40_frames.py'

from cmvl_mm.datasets.stages import change

_fast = dict(_base_.model.backbone, out_indices=(2, 3))
model = dict(
    backbone=dict(out_indices=(2, 3)),
    pretext_head=dict(type='VTHCLHead', in_channels=(64, 128), fast_network=_fast, hidden_channels=128),
)
_sample = dict(_delete_=True, type='SampleTempos', slow=(8, 8), fast=(32, 2))
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=dict(flips='shared'))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _fast
del _sample, _pipeline
