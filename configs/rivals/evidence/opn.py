"""OPN at evidence size: in which of twelve orders, up to reversal, are four frames shown?

    python tools/train.py configs/rivals/evidence/opn.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/opn

Reads what `make evidence` makes. Unverified: how far apart frames lie. Slightly shifted crops and one colour channel
per frame are the method's own. A frame is passed as a clip of 16 equal frames.
Protocol: retrieval_paper, with 4 clips
Cost: 4 clips a video, 18,432 in all; 8 epochs
"""

_base_ = '../../_base_/rivals/evidence_4_clips.py'

from cmvl_mm.datasets.stages import change

_crop = dict(boxes='shared', flips='shared', jitter=0.05)
_colour = dict(each='frame', channel='one')
model = dict(pretext_head=dict(type='OPNHead', in_channels=128, width=128))
_sample = dict(_delete_=True, type='SampleOPN', min_gap=4, max_gap=12)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=_crop, colour=_colour)
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _crop, _colour
del _sample, _pipeline
