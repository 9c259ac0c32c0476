"""Table 6, R(2+1)D-26, HMDB51 split 1, from scratch, without -> with motion prediction.

    python tools/train.py configs/ablations/table6_r2plus1d26_hmdb.py
    python tools/test.py configs/ablations/table6_r2plus1d26_hmdb.py work_dirs/ablations/table6_r2plus1d26_hmdb

Motion prediction has weight 0.2. A clip at the end of its video has no future and trains only the classifier.
Paper: top-1 32.5 -> 41.7, top-5 66.1 -> 71.3
Protocol: finetune
Cost: 322 GFLOP a clip, 138 PFLOP in all, counted; not run
Base: configs/ablations/table2_r2plus1d26_hmdb_scratch.py
Changes: model.motion_head, model.neck, train_dataloader.dataset.pipeline.sample
"""

_base_ = [
    '../_base_/models/r2plus1d26_regularised.py',
    '../_base_/datasets/regularised_hmdb.py',
    '../_base_/schedules/finetune_hmdb_120e.py',
    '../_base_/runtime.py',
]
model = dict(cls_head=dict(type='ClassificationHead', num_classes=51, in_channels=2048, dropout=0.3))
