"""Linear probe of C3D, UCF101 split 1.

    python tools/test.py configs/protocols/linear_c3d_ucf.py work_dirs/pretrain_c3d_ucf

The network is frozen. Features are the mean of 10 bin-centre clips, minus the training list's mean, divided by its
standard deviation. Softmax regression, 300 steps of full-batch gradient descent with momentum 0.9 from zero. The
learning rate is chosen on a held-out fifth of the training list, never on the test list; then the probe is trained on
the whole training list. Prints linear/top1, the rate, and the held-out accuracy of every rate. For another network,
name its retrieval_* in `_base_` below.
Paper: none
Protocol: linear
Cost: the sweep six minutes on one core, estimated from its steps; features not run on the full data set
"""

_base_ = '../retrieval_c3d_ucf.py'

test_evaluator = dict(_delete_=True, type='LinearProbe', lrs=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0), steps=300)
