"""Table 6 at the demo's size: the classifier from scratch, with motion prediction as regulariser of weight 0.2.

    python tools/train.py configs/demo/table6.py
    python tools/test.py configs/demo/table6.py work_dirs/demo/table6

Reads what `make demo` makes.
Protocol: finetune
Base: configs/demo/finetune.py
Changes: model.init_cfg, model.motion_head, train_dataloader.dataset.pipeline.sample
"""

_base_ = [
    '../_base_/models/demo_pretrain.py',
    '../_base_/datasets/demo_regularised.py',
    '../_base_/schedules/demo.py',
    '../_base_/runtime.py',
]
_head = dict(type='ClassificationHead', num_classes=64, in_channels=128, dropout=0.3)
model = dict(context_head=None, motion_head=dict(loss_weight=0.2), cls_head=_head)
del _head
