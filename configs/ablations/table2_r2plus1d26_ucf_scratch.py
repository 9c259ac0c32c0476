r"""Table 2, R(2+1)D-26, UCF101 split 1, from scratch: top-1 65.0.

    python tools/train.py configs/ablations/table2_r2plus1d26_ucf_scratch.py
    python tools/test.py configs/ablations/table2_r2plus1d26_ucf_scratch.py \
        work_dirs/ablations/table2_r2plus1d26_ucf_scratch

The cell from UCF101 pretraining is configs/finetune_r2plus1d26_ucf.py. Measured cost: not run.
Changes: model.init_cfg
"""

_base_ = '../finetune_r2plus1d26_ucf.py'
model = dict(init_cfg=None)
