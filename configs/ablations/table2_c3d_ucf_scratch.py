r"""Table 2, C3D, UCF101 split 1, from scratch.

    python tools/train.py configs/ablations/table2_c3d_ucf_scratch.py
    python tools/test.py configs/ablations/table2_c3d_ucf_scratch.py \
        work_dirs/ablations/table2_c3d_ucf_scratch

Paper: top-1 60.5; the cell from UCF101 pretraining is configs/finetune_c3d_ucf.py
Protocol: finetune
Cost: 229 GFLOP a clip, 262 PFLOP in all, counted; not run
Changes: model.init_cfg
"""

_base_ = '../finetune_c3d_ucf.py'
model = dict(init_cfg=None)
