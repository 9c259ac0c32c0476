"""CoViAR's motion vectors: ResNet-18 on accumulated vectors, UCF101 split 1, 510 epochs.

    python tools/train.py configs/compressed/full/coviar_motion_ucf.py
    python tools/test.py configs/compressed/full/coviar_motion_ucf.py work_dirs/compressed/full/coviar_motion_ucf \
        --dump-features motion.npz

Settings of the published code. docs/compressed_recognition.md shows how to fuse the three streams.
Paper: 70, the three streams fused 90.5 (UCF101, mean of 3 splits; published code)
Protocol: recognition
Cost: 3 pictures a video; not run
"""

_base_ = [
    '../../_base_/compressed/tsn.py',
    '../../_base_/compressed/full_ucf.py',
    '../../_base_/compressed/coviar_ucf_510e.py',
    '../../_base_/runtime.py',
]
model = dict(backbone=dict(in_channels=2), input_norm=2, data_preprocessor=dict(mean=[127.5], std=[255.0]))
