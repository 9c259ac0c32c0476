"""Plain instance contrast at evidence size: two clips of a video find each other in a queue (MoCo on clips).

    python tools/train.py configs/rivals/evidence/moco.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/rivals/evidence/moco

Reads what `make evidence` makes. Not in the paper's tables. A queue of 256 keys, fewer than there are videos, and
momentum 0.99 for 1080 steps. All clips of a video share one flip.
Protocol: retrieval_paper, with 4 clips
Cost: 2 clips a video, 17,280 in all; 15 epochs
"""

_base_ = '../../_base_/rivals/evidence_2_clips.py'

from cmvl_mm.datasets.stages import change

model = dict(
    pretext_head=dict(
        type='MoCoHead', in_channels=128, hidden_channels=128, momentum=0.99, queue_size=256, temperature=0.1
    )
)
_sample = dict(_delete_=True, type='SampleViews', clip_len=16, frame_interval=2)
_pipeline = change(_base_.train_dataloader.dataset.pipeline, sample=_sample, crop=dict(flips='shared'))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _sample, _pipeline
