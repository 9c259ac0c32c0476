"""The suite's retrieval on joint labels of level basic; chance R@1 1.6 %.

    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/pretrain

Reads what `make evidence` makes; the suite itself evaluates all labels from one --dump-features.
Protocol: retrieval_paper, with 4 clips
"""

_base_ = ['../_base_/models/demo.py', '../_base_/datasets/evidence_retrieval.py', '../_base_/runtime.py']
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/evidence/pretrain'))
