"""Table 7, C3D on UCF101: pretext accuracies and HMDB51 R@1 after epochs 1, 5, 10, 20, 50, 120 of one pretraining.

    bash tools/dist_train.sh configs/ablations/table7.py 4
    python tools/plot_progress.py work_dirs/ablations/table7

Pretext accuracies are those of training batches, among their keys: 64 for context, 12,544 for motion.
Paper: context 25.8 / 42.5 / 48.0 / 50.0 / 53.7 / 65.9, motion 0.1 / 1.5 / 4.1 / 8.4 / 15.9 / 33.1,
    R@1 6.0 / 6.3 / 8.5 / 9.5 / 14.8 / 16.8
Protocol: retrieval_paper
Cost: 492 GFLOP a clip, 563 PFLOP in all, counted; not run
Base: configs/pretrain_c3d_ucf.py
Changes: train_cfg.val_epochs, test_dataloader, test_evaluator, test_cfg, val_dataloader, val_evaluator, val_cfg
"""

_base_ = ['../pretrain_c3d_ucf.py', '../_base_/datasets/retrieval_hmdb.py']
train_cfg = dict(val_epochs=(1, 5, 10, 20, 50, 120))
val_dataloader = {{_base_.test_dataloader}}
val_evaluator = {{_base_.test_evaluator}}
val_cfg = dict(type='ValLoop')
