"""Table 6, C3D, UCF101 split 1, from scratch, without -> with motion prediction.

    python tools/train.py configs/ablations/table6_c3d_ucf.py
    python tools/test.py configs/ablations/table6_c3d_ucf.py work_dirs/ablations/table6_c3d_ucf

Motion prediction has weight 0.2. A clip at the end of its video has no future and trains only the classifier.
Paper: top-1 60.5 -> 74.3, top-5 84.2 -> 91.4
Protocol: finetune
Cost: 490 GFLOP a clip, 561 PFLOP in all, counted; not run
Base: configs/ablations/table2_c3d_ucf_scratch.py
Changes: model.motion_head, train_dataloader.dataset.pipeline.sample
"""

_base_ = [
    '../_base_/models/c3d_regularised.py',
    '../_base_/datasets/regularised_ucf.py',
    '../_base_/schedules/finetune_ucf_120e.py',
    '../_base_/runtime.py',
]
model = dict(cls_head=dict(type='ClassificationHead', num_classes=101, in_channels=512, dropout=0.3))
