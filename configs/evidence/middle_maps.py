"""Motion maps of half the clip's edge, 24 px, between alpha_09.py and paper_maps.py; alpha = 0.9.

    python tools/train.py configs/evidence/middle_maps.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/middle_maps

alpha_09.py reads maps of 12 px; nearest neighbours were better with the 48 px of paper_maps.py. The M-Network has one
more stride to the same last map: 24, 12, 6 px.

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: model.data_preprocessor.motion_size, model.motion_head.m_network.stage_strides
"""

_base_ = './alpha_09.py'
model = dict(
    data_preprocessor=dict(motion_size=24),
    motion_head=dict(m_network=dict(stage_strides=((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 1, 1)))),
)
