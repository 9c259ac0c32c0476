r"""Table 2, C3D, UCF101 split 1, from Kinetics-400 pretraining.

    python tools/train.py configs/ablations/table2_c3d_ucf_k400.py
    python tools/test.py configs/ablations/table2_c3d_ucf_k400.py \
        work_dirs/ablations/table2_c3d_ucf_k400

Paper: top-1 83.4; the cell from UCF101 pretraining is configs/finetune_c3d_ucf.py
Protocol: finetune
Cost: 229 GFLOP a clip, 262 PFLOP in all, counted; not run
Changes: model.init_cfg.checkpoint
"""

_base_ = '../finetune_c3d_ucf.py'
model = dict(init_cfg=dict(checkpoint='work_dirs/pretrain_c3d_k400'))
