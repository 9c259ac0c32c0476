"""Table 5, HMDB51 split 1: retrieval with a C3D pretraining's M-Network, on the 8 frames after each of 10 clips.

    python tools/test.py configs/ablations/table5_m_network_hmdb.py work_dirs/pretrain_c3d_ucf

Features are pooled before the projection. Retrieval with the V-Network: configs/retrieval_c3d_hmdb.py.
Paper: R@1 / R@5 10.7 / 32.1
Protocol: retrieval_paper
Cost: not run
Base: configs/retrieval_c3d_hmdb.py
Changes: model.context_head, model.motion_head, model.init_cfg, model.test_cfg.network,
    test_dataloader.dataset.pipeline.sample
"""

_base_ = [
    '../_base_/models/c3d_pretrain.py',
    '../_base_/datasets/retrieval_hmdb.py',
    '../_base_/runtime.py',
]

from cmvl_mm.datasets.stages import change

model = dict(test_cfg=dict(network='m_network'))
_sample = dict(_delete_=True, type='SampleFutureMotions', future_gap=2, motion_len=8, num_clips=10)
test_dataloader = dict(dataset=dict(pipeline=change(_base_.test_dataloader.dataset.pipeline, sample=_sample)))
del _sample
