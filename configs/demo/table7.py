"""Table 7 at the demo's size: pretext accuracies and joint R@1 after epochs 1, 2, 4, 6, 9, 12 of one pretraining.

    python tools/train.py configs/demo/table7.py
    python tools/plot_progress.py work_dirs/demo/table7

Reads what `make demo` makes.
Protocol: retrieval_paper
Base: configs/demo/pretrain.py
Changes: train_cfg.val_epochs, test_dataloader, test_evaluator, test_cfg, val_dataloader, val_evaluator, val_cfg
"""

_base_ = ['./pretrain.py', '../_base_/datasets/demo_retrieval.py']
train_cfg = dict(val_epochs=(1, 2, 4, 6, 9, 12))
val_dataloader = {{_base_.test_dataloader}}
val_evaluator = {{_base_.test_evaluator}}
val_cfg = dict(type='ValLoop')
