"""ST-Puzzle at evidence size: in which order are four cubes shown, laid out over space or over time?

    python tools/train.py configs/rivals/evidence/st_puzzle.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/st_puzzle

Reads what `make evidence` makes. Unverified: there is no official code; everything is as commonly described. Cubes
jittered in space and in time and one colour channel per cube are the method's own; the size of the jitter in time is
ours.
Protocol: retrieval_paper, with 4 clips
Cost: 4 clips a video, 18,432 in all; 8 epochs
"""

_base_ = '../../_base_/rivals/evidence_4_clips.py'

from cmvl_mm.datasets.stages import change

_crop, _colour = dict(type='CropPuzzle', jitter=0.286), dict(channel='one')
model = dict(pretext_head=dict(type='PuzzleHead', in_channels=128, width=128))
_sample = dict(_delete_=True, type='SamplePuzzle', clip_len=16, frame_interval=1, stretch=24)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=_crop, colour=_colour)
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _crop, _colour
del _sample, _pipeline
