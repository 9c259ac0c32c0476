"""Motion maps as large as the clip, 48 px, as in the paper, pooled after the M-Network's stem; alpha = 0.9.

    python tools/train.py configs/evidence/paper_maps.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/paper_maps

As in the paper, the M-Network's stem has the V-Network's kernel and stride 1, and a pool follows it. Further strides
lead to the size of the V-Network's last map: 48, pooled 24, 12, 6 px. alpha_09.py differs only in this: 12 px, no pool,
6 px.

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: model.data_preprocessor.motion_size, model.motion_head.m_network.stem_kernel,
model.motion_head.m_network.stem_pool, model.motion_head.m_network.stage_strides
"""

_base_ = './alpha_09.py'
model = dict(
    data_preprocessor=dict(motion_size=48),
    motion_head=dict(
        m_network=dict(
            stem_kernel=(3, 5, 5),
            stem_pool='max',
            stage_strides=((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 1, 1)),
        )
    ),
)
