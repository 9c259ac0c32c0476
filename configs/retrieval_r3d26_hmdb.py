"""Table 9, R3D-26, HMDB51 split 1: retrieval after pretraining on UCF101.

    python tools/test.py configs/retrieval_r3d26_hmdb.py work_dirs/pretrain_r3d26_ucf

Paper: R@1 / 5 / 10 / 20 15.2 / 36.0 / 51.4 / 65.5
Protocol: retrieval_paper
Cost: not run on the full data set
"""

_base_ = [
    './_base_/models/r3d26.py',
    './_base_/datasets/retrieval_hmdb.py',
    './_base_/runtime.py',
]
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_r3d26_ucf'))
