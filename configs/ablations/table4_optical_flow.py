"""Table 4, C3D on UCF101: I-frames + optical flow.

    cmvl prepare path/to/UCF-101 data/ucf101/videos --flow
    bash tools/dist_train.sh configs/ablations/table4_optical_flow.py 4
    python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/ablations/table4_optical_flow

With motion vectors instead of flow: configs/pretrain_c3d_ucf.py.
Paper: R@1 / R@5 UCF101 43.2 / 58.9, HMDB51 17.7 / 38.5; motion vectors 41.7 / 57.4, 16.8 / 37.2
Protocol: retrieval_paper
Cost: 492 GFLOP a clip, 563 PFLOP in all, counted; not run;
    the flow alone takes about a second a frame on one core (benchmarks/flow_cost.py)
Changes: train_dataloader.dataset.pipeline.read.motion
"""

_base_ = '../pretrain_c3d_ucf.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, read=dict(motion='flow')))
)
