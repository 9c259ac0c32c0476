"""Table 5 at the demo's size: retrieval with the M-Network of a pretraining.

    python tools/test.py configs/demo/table5_m_network.py work_dirs/demo/pretrain

Reads what `make demo` makes.
Protocol: retrieval_paper
Base: configs/demo/retrieval.py
Changes: model.context_head, model.motion_head, model.init_cfg, model.test_cfg.network,
    test_dataloader.dataset.pipeline.sample
"""

_base_ = ['../_base_/models/demo_pretrain.py', '../_base_/datasets/demo_retrieval.py', '../_base_/runtime.py']

from cmvl_mm.datasets.stages import change

model = dict(test_cfg=dict(network='m_network'))
_sample = dict(_delete_=True, type='SampleFutureMotions', clip_len=16, frame_interval=2, num_clips=4)
test_dataloader = dict(dataset=dict(pipeline=change(_base_.test_dataloader.dataset.pipeline, sample=_sample)))
del _sample
