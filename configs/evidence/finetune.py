"""The suite's finetuning: 200 steps of 8 videos; joint labels of level basic, chance 1.6 %.

    python tools/train.py configs/evidence/finetune.py
    python tools/test.py configs/evidence/finetune.py work_dirs/evidence/finetune

Reads what `make evidence` makes; the suite trains on its own few-label lists, see evidence/few_labels.py.
Protocol: finetune, with 4 clips
"""

_base_ = [
    '../_base_/models/demo.py',
    '../_base_/datasets/evidence_finetune.py',
    '../_base_/schedules/evidence_finetune.py',
    '../_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=64, in_channels=128, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/evidence/pretrain'),
)
