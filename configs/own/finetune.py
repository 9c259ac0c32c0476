"""Finetuning on your own classes: the 3D ResNet-18 at 80 px.

    cmvl finetune FOLDER --from PRETRAINED -o WORK_DIR
    python tools/train.py configs/own/finetune.py --cfg-options data=LISTS model.init_cfg.checkpoint=PRETRAINED
    python tools/test.py WORK_DIR/finetune.py WORK_DIR

FOLDER has a folder for each class. Prints finetune/top1, not measured.
Paper: none
Protocol: finetune, with 4 clips
Cost: not measured
"""

_base_ = [
    '../_base_/models/own.py',
    '../_base_/datasets/own_finetune.py',
    '../_base_/schedules/own_finetune.py',
    '../_base_/runtime.py',
]
model = dict(
    cls_head=dict(type='ClassificationHead', num_classes=2, in_channels=320, dropout=0.3),
    init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/own/pretrain'),
)
