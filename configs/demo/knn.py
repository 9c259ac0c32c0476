"""The demo's nearest-neighbour classifier of joint labels, on frozen features; chance 1.6 %.

    python tools/test.py configs/demo/knn.py work_dirs/demo/pretrain

The 5 nearest training videos vote. Prints knn/top1, not measured. Reads what `make demo` makes.
Protocol: knn, with 4 clips and 5 neighbours
"""

_base_ = './retrieval.py'

test_evaluator = dict(_delete_=True, type='KNNAccuracy', k=5, temperature=0.07)
