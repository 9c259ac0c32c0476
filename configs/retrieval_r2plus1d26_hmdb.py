"""Table 9, R(2+1)D-26, HMDB51 split 1: R@1 / 5 / 10 / 20 of 14.3 / 36.0 / 48.5 / 64.2 after pretraining on UCF101.

    python tools/test.py configs/retrieval_r2plus1d26_hmdb.py work_dirs/pretrain_r2plus1d26_ucf/epoch_120.pth

Protocol: test split searches training split, mean of 10 bin-centre clips, L2, cosine. Measured cost: not run on the
full data set.
"""

_base_ = [
    './_base_/models/r2plus1d26.py',
    './_base_/datasets/retrieval_hmdb.py',
    './_base_/runtime.py',
]
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/pretrain_r2plus1d26_ucf'))
