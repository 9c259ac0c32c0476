r"""Table 2, C3D, HMDB51 split 1, from scratch.

    python tools/train.py configs/ablations/table2_c3d_hmdb_scratch.py
    python tools/test.py configs/ablations/table2_c3d_hmdb_scratch.py \
        work_dirs/ablations/table2_c3d_hmdb_scratch

Paper: top-1 29.2; the cell from UCF101 pretraining is configs/finetune_c3d_hmdb.py
Protocol: finetune
Cost: 229 GFLOP a clip, 98 PFLOP in all, counted; not run
Changes: model.init_cfg
"""

_base_ = '../finetune_c3d_hmdb.py'
model = dict(init_cfg=None)
