"""Retrieval by VCOP's protocol, C3D, UCF101 split 1.

    python tools/test.py configs/protocols/retrieval_vcop_c3d_ucf.py work_dirs/pretrain_c3d_ucf

Features are the last map, 512x2x7x7, max-pooled by (1, 2, 2) and flattened to 9216 values; the mean of 10 bin-centre
clips is compared by cosine. Prints retrieval_vcop/R@k. Not followed: VCOP reads 16 consecutive frames, pictures in
[0, 1] resized to 128x171, and drops the last incomplete batch of both sets. Ours are normalised, 16 x 4 and complete.
For another network, name its retrieval_* in `_base_` below.
Paper: none; Table 9's 41.7 is retrieval_paper/R@1
Protocol: retrieval_vcop
Cost: not run on the full data set
"""

_base_ = '../retrieval_c3d_ucf.py'

model = dict(test_cfg=dict(pool='max_2x2'))
test_evaluator = dict(protocol='vcop')
