"""Table 9, C3D, HMDB51 split 1: retrieval after pretraining on UCF101.

    python tools/test.py configs/retrieval_c3d_hmdb.py work_dirs/pretrain_c3d_ucf

Paper: R@1 / 5 / 10 / 20 16.8 / 37.2 / 50.0 / 64.3
Protocol: retrieval_paper
Cost: not run on the full data set
"""

_base_ = [
    './_base_/models/c3d.py',
    './_base_/datasets/retrieval_hmdb.py',
    './_base_/runtime.py',
]
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_c3d_ucf'))
