"""MMAction2's Recognizer2D on compressed videos: TSM-50 from scratch, UCF101 split 1, 8 frames x 8, 10 test clips.

    python tools/train.py configs/mmaction2/tsm50_ucf.py
    python tools/test.py configs/mmaction2/tsm50_ucf.py work_dirs/tsm50_ucf

Frames are sampled densely, at equal distances, not one from each of 8 segments. To use another 2D recognizer of
MMAction2, replace `model`; docs/training_elsewhere.md says what input it gets.
Paper: none
Protocol: finetune
Cost: 51 GFLOP a clip, 59 PFLOP in all, counted; not run
"""

_base_ = [
    '../_base_/models/mmaction2_tsm50.py',
    '../_base_/datasets/finetune_ucf.py',
    '../_base_/schedules/finetune_ucf_120e.py',
    '../_base_/runtime.py',
]

from cmvl_mm.datasets.stages import change

_eight = dict(sample=dict(clip_len=8, frame_interval=8), pack=dict(layout='NCHW'))
model = dict(cls_head=dict(num_classes=101))
train_dataloader = dict(dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, **_eight)))
test_pipeline = change(_base_.test_pipeline, **_eight)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del _eight
