"""The demo's retrieval on joint labels; R@1 of chance 1.6 %.

    python tools/test.py configs/demo/retrieval.py work_dirs/demo/pretrain/epoch_18.pth

Reads what `make demo` makes.
"""

_base_ = ['../_base_/models/demo.py', '../_base_/datasets/demo_retrieval.py', '../_base_/runtime.py']
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/demo/pretrain'))
