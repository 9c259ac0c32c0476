"""Table 9, R(2+1)D-26, HMDB51 split 1: retrieval after pretraining on UCF101.

    python tools/test.py configs/retrieval_r2plus1d26_hmdb.py work_dirs/pretrain_r2plus1d26_ucf

Paper: R@1 / 5 / 10 / 20 14.3 / 36.0 / 48.5 / 64.2
Protocol: retrieval_paper
Cost: not run on the full data set
"""

_base_ = [
    './_base_/models/r2plus1d26.py',
    './_base_/datasets/retrieval_hmdb.py',
    './_base_/runtime.py',
]
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_r2plus1d26_ucf'))
