"""The demo's linear probe on joint labels: softmax regression on frozen features; chance 1.6 %.

    python tools/test.py configs/demo/linear.py work_dirs/demo/pretrain

The learning rate is chosen on a held-out fifth of the training list, as in configs/protocols/linear_c3d_ucf.py.
Prints linear/top1, not measured. Reads what `make demo` makes.
Protocol: linear, with 4 clips
"""

_base_ = './retrieval.py'

test_evaluator = dict(_delete_=True, type='LinearProbe', lrs=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0), steps=300)
