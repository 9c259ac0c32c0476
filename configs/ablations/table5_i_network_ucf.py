"""Table 5, UCF101 split 1: retrieval with a C3D pretraining's I-Network, on the I-frames nearest to the 10 clips.

    python tools/test.py configs/ablations/table5_i_network_ucf.py work_dirs/pretrain_c3d_ucf

Features are pooled before the projection. Retrieval with the V-Network: configs/retrieval_c3d_ucf.py.
Paper: R@1 / R@5 32.3 / 47.9
Protocol: retrieval_paper
Cost: not run
Base: configs/retrieval_c3d_ucf.py
Changes: model.context_head, model.motion_head, model.init_cfg, model.test_cfg.network,
    test_dataloader.dataset.pipeline.sample
"""

_base_ = [
    '../_base_/models/c3d_pretrain.py',
    '../_base_/datasets/retrieval_ucf.py',
    '../_base_/runtime.py',
]

from cmvl_mm.datasets.stages import change

model = dict(test_cfg=dict(network='i_network'))
_sample = dict(_delete_=True, type='SampleNearestIFrames', num_clips=10)
test_dataloader = dict(dataset=dict(pipeline=change(_base_.test_dataloader.dataset.pipeline, sample=_sample)))
del _sample
