"""Retrieval with the common R(2+1)D (basic blocks (1, 1, 1, 1), as in VCOP) on UCF101 split 1.

    python tools/test.py configs/retrieval_r2plus1d10_ucf.py work_dirs/pretrain_r2plus1d10_ucf

Most papers mean this network by "R(2+1)D"; the paper's is R(2+1)D-26 (Table 9).
Paper: none; other papers' R@1 / 5 / 10 / 20, each by its own protocol:
    VCOP 10.7 / 25.9 / 35.4 / 47.3, IIC 34.7 / 51.7 / 60.9 / 69.4
Protocol: retrieval_paper
Cost: not run on the full data set
"""

_base_ = [
    './_base_/models/r2plus1d10.py',
    './_base_/datasets/retrieval_ucf.py',
    './_base_/runtime.py',
]
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_r2plus1d10_ucf'))
