"""Table 6, R3D-26, UCF101 split 1, from scratch, without -> with motion prediction.

    python tools/train.py configs/ablations/table6_r3d26_ucf.py
    python tools/test.py configs/ablations/table6_r3d26_ucf.py work_dirs/ablations/table6_r3d26_ucf

Motion prediction has weight 0.2. A clip at the end of its video has no future and trains only the classifier.
Paper: top-1 58.0 -> 71.2, top-5 83.1 -> 88.9
Protocol: finetune
Cost: 314 GFLOP a clip, 360 PFLOP in all, counted; not run
Base: configs/ablations/table2_r3d26_ucf_scratch.py
Changes: model.motion_head, model.neck, train_dataloader.dataset.pipeline.sample
"""

_base_ = [
    '../_base_/models/r3d26_regularised.py',
    '../_base_/datasets/regularised_ucf.py',
    '../_base_/schedules/finetune_ucf_120e.py',
    '../_base_/runtime.py',
]
model = dict(cls_head=dict(type='ClassificationHead', num_classes=101, in_channels=2048, dropout=0.3))
