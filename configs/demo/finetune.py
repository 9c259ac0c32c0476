"""The demo's finetuning on joint labels (64 pairs of context and motion); chance 1.6 %.

    python tools/train.py configs/demo/finetune.py
    python tools/test.py configs/demo/finetune.py work_dirs/demo/finetune

Reads what `make demo` makes. From scratch: --cfg-options model.init_cfg=None
Protocol: finetune, with 4 clips
"""

_base_ = [
    '../_base_/models/demo.py',
    '../_base_/datasets/demo_finetune.py',
    '../_base_/schedules/demo.py',
    '../_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=64, in_channels=128, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/demo/pretrain'),
)
