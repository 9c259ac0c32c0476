"""Table 6, R(2+1)D-26, UCF101 split 1, from scratch, without -> with motion prediction.

    python tools/train.py configs/ablations/table6_r2plus1d26_ucf.py
    python tools/test.py configs/ablations/table6_r2plus1d26_ucf.py work_dirs/ablations/table6_r2plus1d26_ucf

Motion prediction has weight 0.2. A clip at the end of its video has no future and trains only the classifier.
Paper: top-1 65.0 -> 75.6, top-5 85.9 -> 92.3
Protocol: finetune
Cost: 322 GFLOP a clip, 368 PFLOP in all, counted; not run
Base: configs/ablations/table2_r2plus1d26_ucf_scratch.py
Changes: model.motion_head, model.neck, train_dataloader.dataset.pipeline.sample
"""

_base_ = [
    '../_base_/models/r2plus1d26_regularised.py',
    '../_base_/datasets/regularised_ucf.py',
    '../_base_/schedules/finetune_ucf_120e.py',
    '../_base_/runtime.py',
]
model = dict(cls_head=dict(type='ClassificationHead', num_classes=101, in_channels=2048, dropout=0.3))
