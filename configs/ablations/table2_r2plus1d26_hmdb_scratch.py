r"""Table 2, R(2+1)D-26, HMDB51 split 1, from scratch: top-1 32.5.

    python tools/train.py configs/ablations/table2_r2plus1d26_hmdb_scratch.py
    python tools/test.py configs/ablations/table2_r2plus1d26_hmdb_scratch.py \
        work_dirs/ablations/table2_r2plus1d26_hmdb_scratch

The cell from UCF101 pretraining is configs/finetune_r2plus1d26_hmdb.py. Measured cost: not run.
Changes: model.init_cfg
"""

_base_ = '../finetune_r2plus1d26_hmdb.py'
model = dict(init_cfg=None)
