"""Retrieval on your own videos with labels: the 3D ResNet-18 at 80 px.

    python tools/test.py configs/own/retrieval.py PRETRAINED --cfg-options data=LISTS

Prints retrieval_paper/R@k, not measured.
Paper: none
Protocol: retrieval_paper, with 4 clips
Cost: not measured
"""

_base_ = ['../_base_/models/own.py', '../_base_/datasets/own_retrieval.py', '../_base_/runtime.py']
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/own/pretrain'))
