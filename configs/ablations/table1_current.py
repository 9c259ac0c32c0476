"""Table 1, C3D on UCF101: the target is the motion of the clip's own last 8 frames.

    bash tools/dist_train.sh configs/ablations/table1_current.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/ablations/table1_current

`room` keeps the clips and videos of pretrain_c3d_ucf.py; without it, videos of 61 to 70 frames would train, too.
Paper: R@1 UCF101 29.6, HMDB51 10.4; with InfoNCE, Transformer and the future (configs/pretrain_c3d_ucf.py) 41.7, 16.8
Protocol: retrieval_paper
Cost: 492 GFLOP a clip, 563 PFLOP in all, counted; not run
Changes: train_dataloader.dataset.pipeline.sample.future_gap, train_dataloader.dataset.pipeline.sample.room
"""

_base_ = '../pretrain_c3d_ucf.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(future_gap=-8, room=71)))
)
