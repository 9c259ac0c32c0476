"""Retrieval by CoCLR's protocol, C3D, UCF101 split 1.

    python tools/test.py configs/protocols/retrieval_coclr_c3d_ucf.py work_dirs/pretrain_c3d_ucf

Features are the mean of all clips of 16 x 4 frames that overlap by half. Gallery and queries are each centred on their
own mean, L2-normalised and compared by cosine. Prints retrieval_coclr/R@k. Not followed: CoCLR's clip length and
picture size, and the colour jitter of its test. Longer videos have more clips, so one video is tested at a time. For
another network, name its retrieval_* in `_base_` below.
Paper: none; Table 9's 41.7 is retrieval_paper/R@1
Protocol: retrieval_coclr
Cost: not run on the full data set
"""

_base_ = '../retrieval_c3d_ucf.py'

from cmvl_mm.datasets.stages import change

test_dataloader = dict(
    batch_size=1,
    dataset=dict(
        pipeline=change(
            _base_.test_dataloader.dataset.pipeline,
            sample=dict(_delete_=True, type='SampleClips', clip_len=16, frame_interval=4, place='sliding'),
        ),
    ),
)
test_evaluator = dict(protocol='coclr')
