"""Ours: clip_motion with the motion of objects over the ground, without the camera's.

    python tools/train.py configs/evidence/steady_clip_motion.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/steady_clip_motion

Otherwise the camera alone tells a clip its own future: a pan lasts, and no two pans are alike. The clip itself still
shows the camera's motion to the network.

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: train_dataloader.dataset.pipeline.camera.type
"""

_base_ = './clip_motion.py'

from cmvl_mm.datasets.stages import position

_pipeline = [*_base_.train_dataloader.dataset.pipeline]
_pipeline.insert(position(_pipeline, 'crop'), dict(type='SubtractCamera'))
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
del _pipeline
