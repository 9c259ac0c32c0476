"""Retrieval as CoCLR counts it, C3D, UCF101 split 1.

    python tools/test.py configs/protocols/retrieval_coclr_c3d_ucf.py work_dirs/pretrain_c3d_ucf

Mean of all clips of 16 x 4 frames that overlap by half; gallery and queries each less their own mean; L2,
cosine. Prints retrieval_coclr/R@k. Not imitated: CoCLR's clip length and picture size, and the colour jitter of its
test. Longer videos have more clips, so one video is tested at a time. Another network: its retrieval_* in the next
line.
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
