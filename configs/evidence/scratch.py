"""Table 6 in the suite, without motion prediction: the classifier of joint labels from scratch, 30 epochs.

    python tools/train.py configs/evidence/scratch.py
    python tools/test.py configs/evidence/scratch.py work_dirs/evidence/scratch

Reads what `make evidence` makes.
Protocol: finetune, with 4 clips
"""

_base_ = [
    '../_base_/models/demo.py',
    '../_base_/datasets/evidence_finetune.py',
    '../_base_/schedules/evidence.py',
    '../_base_/runtime.py',
]
model = dict(cls_head=dict(type='ClassificationHead', num_classes=64, in_channels=128, dropout=0.3))
train_dataloader = dict(batch_size=16)
