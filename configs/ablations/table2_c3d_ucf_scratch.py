r"""Table 2, C3D, UCF101 split 1, from scratch: top-1 60.5.

    python tools/train.py configs/ablations/table2_c3d_ucf_scratch.py
    python tools/test.py configs/ablations/table2_c3d_ucf_scratch.py \
        work_dirs/ablations/table2_c3d_ucf_scratch

The cell from UCF101 pretraining is configs/finetune_c3d_ucf.py. Measured cost: not run.
Changes: model.init_cfg
"""

_base_ = '../finetune_c3d_ucf.py'
model = dict(init_cfg=None)
