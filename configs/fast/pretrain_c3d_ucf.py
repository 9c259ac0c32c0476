"""Pretraining of C3D on UCF101 with motion at the resolution of its vectors: 28-px maps for 112-px clips.

    bash tools/dist_train.sh configs/fast/pretrain_c3d_ucf.py 4

A vector belongs to a block of 16 pixels, so the paper's 112-px maps repeat each value 7 to 16 times along an edge, and
their M-Network takes most of a step. That the small maps teach as much is our assumption, not the paper's, and is not
shown yet (docs/configs.md). Finetuning and retrieval read the weights like those of configs/pretrain_c3d_ucf.py.
Paper: none
Cost: 270 GFLOP a clip, 309 PFLOP in all, counted; not run
Changes: model.data_preprocessor.motion_size, model.motion_head.m_network.stem_kernel,
model.motion_head.m_network.stem_stride, model.motion_head.m_network.stem_pool,
model.motion_head.m_network.stage_strides
"""

_base_ = '../pretrain_c3d_ucf.py'
model = dict(
    data_preprocessor=dict(motion_size=28),
    motion_head=dict(
        m_network=dict(
            stem_kernel=(3, 3, 3),
            stem_stride=(1, 2, 2),
            stem_pool='none',
            stage_strides=((1, 1, 1), (2, 2, 2), (2, 1, 1), (2, 1, 1)),
        )
    ),
)
