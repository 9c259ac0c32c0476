"""MMAction2's Recognizer3D on compressed videos: SlowOnly-50 from scratch, UCF101 split 1, 10 clips for testing.

    python tools/train.py configs/mmaction2/slowonly50_ucf.py
    python tools/test.py configs/mmaction2/slowonly50_ucf.py work_dirs/slowonly50_ucf

The data sets are ours; the network, its head and its preprocessor are MMAction2's. To use another 3D recognizer of
MMAction2, replace `model`; docs/training_elsewhere.md says what input it gets.
Paper: none
Protocol: finetune
Cost: 131 GFLOP a clip, 150 PFLOP in all, counted; not run
"""

_base_ = [
    '../_base_/models/mmaction2_slowonly50.py',
    '../_base_/datasets/finetune_ucf.py',
    '../_base_/schedules/finetune_ucf_120e.py',
    '../_base_/runtime.py',
]

from cmvl_mm.datasets.stages import change

model = dict(cls_head=dict(num_classes=101))
_pack = dict(layout='NCTHW')
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, pack=_pack)))
test_pipeline = change(_base_.test_pipeline, pack=_pack)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del _pack
