"""PRP at evidence size: which step, 1, 2, 4 or 6, made the clip, and what are its frames at twice the rate?

    python tools/train.py configs/rivals/evidence/prp.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/prp

Reads what `make evidence` makes. Step 8 of the paper needs 125 frames and the videos have 108. The motion-weighted
squares are the method's own. The crop is random, not central, and the classifier has the learning rate of the network,
not ten times as much.
Protocol: retrieval_paper, with 4 clips
Cost: 1 clip a video, 17,280 in all; 30 epochs
"""

_base_ = '../../_base_/rivals/evidence.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='PRPHead', in_channels=128, num_steps=4, width=64))
_sample = dict(_delete_=True, type='SamplePRP', clip_len=16, steps=(1, 2, 4, 6))
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample)
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
