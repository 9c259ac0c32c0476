"""The suite's pretraining: both tasks, alpha = 0.5, level basic of the controlled benchmark, 30 epochs of 36 steps.

    python tools/train.py configs/evidence/pretrain.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/pretrain

Reads what `make evidence` makes.
"""

_base_ = [
    '../_base_/models/demo_pretrain.py',
    '../_base_/datasets/evidence_pretrain.py',
    '../_base_/schedules/evidence.py',
    '../_base_/runtime.py',
]
model = dict(context_head=dict(loss_weight=0.5), motion_head=dict(loss_weight=0.5))
