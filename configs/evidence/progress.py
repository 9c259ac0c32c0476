"""Table 7 in the suite: pretext accuracies and joint R@1 after epochs 1, 2, 5, 10, 20, 30 of one pretraining.

    python tools/train.py configs/evidence/progress.py
    python tools/plot_progress.py work_dirs/evidence/progress

Reads what `make evidence` makes; the validation split searches. The tests do not change the weights, so this run is
also the suite's row "both".
Protocol: retrieval_paper
Base: configs/evidence/pretrain.py
Changes: train_cfg.val_epochs, test_dataloader, test_evaluator, test_cfg, val_dataloader, val_evaluator, val_cfg
"""

_base_ = ['./pretrain.py', '../_base_/datasets/evidence_retrieval.py']
train_cfg = dict(val_epochs=(1, 2, 5, 10, 20, 30))
val_dataloader = {{_base_.test_dataloader}}
val_evaluator = {{_base_.test_evaluator}}
val_cfg = dict(type='ValLoop')
