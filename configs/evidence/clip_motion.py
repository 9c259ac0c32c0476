"""Ours: far_future_09, and each whole clip finds the motion that follows it; context weight 0.5.

    python tools/train.py configs/evidence/clip_motion.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/clip_motion

Eq. (2) trains points, but retrieval reads the clip's average; here the average has its own motion task. On the
validation split, with one seed, R@1 of the joint label is 44.5; far_future_09 has 35.2.

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: model.context_head.loss_weight, model.motion_head.clip_weight, model.motion_head.in_channels,
model.motion_head.type
"""

_base_ = './far_future_09.py'
model = dict(
    context_head=dict(loss_weight=0.5), motion_head=dict(type='ClipMotionHead', in_channels=128, clip_weight=0.5)
)
