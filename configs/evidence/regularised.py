"""Table 6 in the suite, with motion prediction as regulariser of weight 0.2: the classifier from scratch.

    python tools/train.py configs/evidence/regularised.py
    python tools/test.py configs/evidence/regularised.py work_dirs/evidence/regularised

Reads what `make evidence` makes.
Protocol: finetune, with 4 clips
Base: configs/evidence/scratch.py
Changes: model.motion_head, train_dataloader.dataset.pipeline.sample
"""

_base_ = [
    '../_base_/models/demo_pretrain.py',
    '../_base_/datasets/evidence_regularised.py',
    '../_base_/schedules/evidence.py',
    '../_base_/runtime.py',
]
_head = dict(type='ClassificationHead', num_classes=64, in_channels=128, dropout=0.3)
model = dict(context_head=None, motion_head=dict(loss_weight=0.2), cls_head=_head)
del _head
