"""Nearest-neighbour classifier, C3D, UCF101 split 1.

    python tools/test.py configs/protocols/knn_c3d_ucf.py work_dirs/pretrain_c3d_ucf

The network is frozen. Features are the mean of 10 bin-centre clips, L2-normalised and compared by cosine. The 20
nearest training videos vote, each with weight exp(cosine / 0.07). Prints knn/top1. For another network, name its
retrieval_* in `_base_` below.
Paper: none
Protocol: knn
Cost: not run on the full data set
"""

_base_ = '../retrieval_c3d_ucf.py'

test_evaluator = dict(_delete_=True, type='KNNAccuracy', k=20, temperature=0.07)
