"""DPC at evidence size: predict the last three of eight blocks at every position.

    python tools/train.py configs/rivals/evidence/dpc.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/dpc

Reads what `make evidence` makes. Stride 2 in place of 3, so that the blocks fit into 108 frames. All blocks share one
crop. Colours change from frame to frame, as in the official code; otherwise colour alone would identify the video.
Protocol: retrieval_paper, with 4 clips
Cost: 2.5 clips a video, 17,280 in all; 12 epochs
"""

_base_ = '../../_base_/rivals/evidence_40_frames.py'

from cmvl_mm.datasets.stages import change

_crop, _colour = dict(type='RandomCropFlip'), dict(each='frame')
model = dict(pretext_head=dict(type='DPCHead', in_channels=128, width=128))
_sample = dict(_delete_=True, type='SampleBlocks', blocks=8, block_len=5, frame_interval=2)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=_crop, colour=_colour)
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _crop, _colour
del _sample, _pipeline
