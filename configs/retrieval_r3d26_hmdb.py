"""Table 9, R3D-26, HMDB51 split 1: R@1 / 5 / 10 / 20 of 15.2 / 36.0 / 51.4 / 65.5 after pretraining on UCF101.

    python tools/test.py configs/retrieval_r3d26_hmdb.py work_dirs/pretrain_r3d26_ucf/epoch_120.pth

Protocol: test split searches training split, mean of 10 bin-centre clips, L2, cosine. Measured cost: not run on the
full data set.
"""

_base_ = [
    './_base_/models/r3d26.py',
    './_base_/datasets/retrieval_hmdb.py',
    './_base_/runtime.py',
]
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_r3d26_ucf'))
