r"""Table 2, R3D-26, UCF101 split 1, from Kinetics-400 pretraining.

    python tools/train.py configs/ablations/table2_r3d26_ucf_k400.py
    python tools/test.py configs/ablations/table2_r3d26_ucf_k400.py \
        work_dirs/ablations/table2_r3d26_ucf_k400

Paper: top-1 83.7; the cell from UCF101 pretraining is configs/finetune_r3d26_ucf.py
Protocol: finetune
Cost: 53 GFLOP a clip, 60 PFLOP in all, counted; not run
Changes: model.init_cfg.checkpoint
"""

_base_ = '../finetune_r3d26_ucf.py'
model = dict(init_cfg=dict(checkpoint='work_dirs/pretrain_r3d26_k400'))
