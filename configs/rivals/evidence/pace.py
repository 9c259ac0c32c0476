"""PacePred at evidence size: at which stride, 1 to 4, were the frames taken? Colours are drawn for each frame.

    python tools/train.py configs/rivals/evidence/pace.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/pace

Reads what `make evidence` makes. Colours that change from frame to frame are the method's own.
Protocol: retrieval_paper, with 4 clips
Cost: 1 clip a video, 17,280 in all; 30 epochs
"""

_base_ = '../../_base_/rivals/evidence.py'

from cmvl_mm.datasets.stages import change

model = dict(pretext_head=dict(type='PaceHead', in_channels=128, num_paces=4))
_sample = dict(_delete_=True, type='SamplePace', clip_len=16, paces=(1, 2, 3, 4))
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, colour=dict(each='frame'))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
