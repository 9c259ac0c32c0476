"""Retrieval as VCOP counts it, C3D, UCF101 split 1.

    python tools/test.py configs/protocols/retrieval_vcop_c3d_ucf.py work_dirs/pretrain_c3d_ucf

The last map, 512x2x7x7, max-pooled by (1, 2, 2) and flattened to 9216 values; mean of 10 bin-centre clips,
cosine. Prints retrieval_vcop/R@k. Not imitated: VCOP feeds 16 consecutive frames, [0, 1] pictures squeezed to 128x171,
and drops the last incomplete batch of both sets; ours stay normalised, 16 x 4 and complete. Another network: its
retrieval_* in the next line.
Paper: none; Table 9's 41.7 is retrieval_paper/R@1
Protocol: retrieval_vcop
Cost: not run on the full data set
"""

_base_ = '../retrieval_c3d_ucf.py'

model = dict(test_cfg=dict(pool='max_2x2'))
test_evaluator = dict(protocol='vcop')
