"""Pretraining of C3D on UCF101 (Tables 2, 3, 8 and 9) as released, where that contradicts or adds to the paper.

    bash tools/dist_train.sh configs/released/pretrain_c3d_ucf.py 4

Weight decay 0.001, Nesterov, J_I + J_M unweighted, 1/W of the keys' gradient on W GPUs, the sign of dx kept in mirrored
windows, BGR I-frames, a fifth of the clips grey, clips from the original .avi (data/ucf101/originals). Not followed:
vectors rounded to whole pixels, re-encoding at FFmpeg's default rate.
Paper: context top-1 65.9, motion top-1 33.1 after 120 epochs (Table 7)
Cost: 492 GFLOP a clip, 563 PFLOP in all, counted; not run
"""

_base_ = [
    '../_base_/models/c3d_pretrain.py',
    '../_base_/datasets/released_pretrain_ucf.py',
    '../_base_/schedules/released_pretrain_120e.py',
    '../_base_/runtime.py',
]
model = dict(
    context_head=dict(loss_weight=1.0, key_gradient='per_rank'),
    motion_head=dict(loss_weight=1.0, key_gradient='per_rank'),
    data_preprocessor=dict(mirrored_dx='keep', iframe_channels='bgr'),
)
