"""Retrieval with the common R3D (basic blocks (1, 1, 1, 1), as in VCOP) on UCF101 split 1.

    python tools/test.py configs/retrieval_r3d10_ucf.py work_dirs/pretrain_r3d10_ucf

Most papers mean this network by "R3D"; the paper's is R3D-26 (Table 9).
Paper: none; other papers' R@1 / 5 / 10 / 20, each by its own protocol:
    VCOP 14.1 / 30.3 / 40.4 / 51.1, IIC 42.4 / 60.9 / 69.2 / 77.1
Protocol: retrieval_paper
Cost: not run on the full data set
"""

_base_ = [
    './_base_/models/r3d10.py',
    './_base_/datasets/retrieval_ucf.py',
    './_base_/runtime.py',
]
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_r3d10_ucf'))
