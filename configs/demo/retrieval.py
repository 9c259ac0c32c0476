"""The demo's retrieval on joint labels; chance R@1 1.6 %.

    python tools/test.py configs/demo/retrieval.py work_dirs/demo/pretrain

Reads what `make demo` makes.
Protocol: retrieval_paper, with 4 clips
"""

_base_ = ['../_base_/models/demo.py', '../_base_/datasets/demo_retrieval.py', '../_base_/runtime.py']
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/demo/pretrain'))
