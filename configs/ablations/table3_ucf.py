"""Table 3, R(2+1)D-26, UCF101 split 1, from UCF101 pretraining.

    python tools/train.py configs/ablations/table3_ucf.py
    python tools/plot_progress.py work_dirs/ablations/table3_ucf

One finetuning, tested after epochs 1, 5, 10, 20, 50 and 120.
Paper: top-1 6.1 / 17.0 / 43.2 / 52.7 / 64.3 / 79.7
Protocol: finetune
Cost: 60 GFLOP a clip, 69 PFLOP in all, counted; not run
Changes: train_cfg.val_epochs, val_dataloader, val_evaluator, val_cfg
"""

_base_ = '../finetune_r2plus1d26_ucf.py'
train_cfg = dict(val_epochs=(1, 5, 10, 20, 50, 120))
val_dataloader = {{_base_.test_dataloader}}
val_evaluator = {{_base_.test_evaluator}}
val_cfg = dict(type='ValLoop')
