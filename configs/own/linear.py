"""Linear probe on your own classes: softmax regression on frozen features of the 3D ResNet-18 at 80 px.

    python tools/test.py configs/own/linear.py PRETRAINED --cfg-options data=LISTS

The learning rate is chosen on a held-out fifth of the training list, as in configs/protocols/linear_c3d_ucf.py.
Prints linear/top1, not measured.
Paper: none
Protocol: linear, with 4 clips
Cost: not measured
"""

_base_ = './retrieval.py'

test_evaluator = dict(_delete_=True, type='LinearProbe', lrs=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0), steps=300)
