"""Nearest-neighbour classifier on your own classes: frozen features of the 3D ResNet-18 at 80 px.

    python tools/test.py configs/own/knn.py PRETRAINED --cfg-options data=LISTS

The 5 nearest training videos vote. Prints knn/top1, not measured.
Paper: none
Protocol: knn, with 4 clips and 5 neighbours
Cost: not measured
"""

_base_ = './retrieval.py'

test_evaluator = dict(_delete_=True, type='KNNAccuracy', k=5, temperature=0.07)
