r"""Table 2, C3D, HMDB51 split 1, from Kinetics-400 pretraining.

    python tools/train.py configs/ablations/table2_c3d_hmdb_k400.py
    python tools/test.py configs/ablations/table2_c3d_hmdb_k400.py \
        work_dirs/ablations/table2_c3d_hmdb_k400

Paper: top-1 52.9; the cell from UCF101 pretraining is configs/finetune_c3d_hmdb.py
Protocol: finetune
Cost: 229 GFLOP a clip, 98 PFLOP in all, counted; not run
Changes: model.init_cfg.checkpoint
"""

_base_ = '../finetune_c3d_hmdb.py'
model = dict(init_cfg=dict(checkpoint='work_dirs/pretrain_c3d_k400'))
