"""Table 6, C3D, HMDB51 split 1, from scratch, without -> with motion prediction.

    python tools/train.py configs/ablations/table6_c3d_hmdb.py
    python tools/test.py configs/ablations/table6_c3d_hmdb.py work_dirs/ablations/table6_c3d_hmdb

Motion prediction has weight 0.2. A clip at the end of its video has no future and trains only the classifier.
Paper: top-1 29.2 -> 38.5, top-5 58.0 -> 69.0
Protocol: finetune
Cost: 490 GFLOP a clip, 210 PFLOP in all, counted; not run
Base: configs/ablations/table2_c3d_hmdb_scratch.py
Changes: model.motion_head, train_dataloader.dataset.pipeline.sample
"""

_base_ = [
    '../_base_/models/c3d_regularised.py',
    '../_base_/datasets/regularised_hmdb.py',
    '../_base_/schedules/finetune_hmdb_120e.py',
    '../_base_/runtime.py',
]
model = dict(cls_head=dict(type='ClassificationHead', num_classes=51, in_channels=512, dropout=0.3))
