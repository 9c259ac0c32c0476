r"""Table 2, R(2+1)D-26, HMDB51 split 1, from Kinetics-400 pretraining.

    python tools/train.py configs/ablations/table2_r2plus1d26_hmdb_k400.py
    python tools/test.py configs/ablations/table2_r2plus1d26_hmdb_k400.py \
        work_dirs/ablations/table2_r2plus1d26_hmdb_k400

Paper: top-1 54.0; the cell from UCF101 pretraining is configs/finetune_r2plus1d26_hmdb.py
Protocol: finetune
Cost: 60 GFLOP a clip, 26 PFLOP in all, counted; not run
Changes: model.init_cfg.checkpoint
"""

_base_ = '../finetune_r2plus1d26_hmdb.py'
model = dict(init_cfg=dict(checkpoint='work_dirs/pretrain_r2plus1d26_k400'))
