"""Ours: half of the video map's channels learn context, the other half motion; otherwise both tasks, alpha = 0.5.

    python tools/train.py configs/evidence/own_channels.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/own_channels

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: model.context_head.channels, model.context_head.in_channels, model.motion_head.channels,
    model.motion_head.predictor.in_channels
"""

_base_ = './pretrain.py'
model = dict(
    context_head=dict(channels=(0, 64), in_channels=64),
    motion_head=dict(channels=(64, 128), predictor=dict(in_channels=64)),
)
