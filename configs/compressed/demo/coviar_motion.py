"""CoViAR's motion vectors at the demo's size, with a channel that marks real vectors; chance 1.6 %.

    python tools/train.py configs/compressed/demo/coviar_motion.py
    python tools/test.py configs/compressed/demo/coviar_motion.py work_dirs/compressed/demo/coviar_motion \
        --dump-features motion.npz

Reads what `make demo` makes; for your own prepared videos: --cfg-options data=FOLDER
Protocol: recognition, with 8 segments
Cost: 3 pictures a video; 12 epochs
"""

_base_ = [
    '../../_base_/compressed/tsn_demo.py',
    '../../_base_/compressed/demo.py',
    '../../_base_/schedules/demo.py',
    '../../_base_/runtime.py',
]
model = dict(backbone=dict(in_channels=3), input_norm=3, data_preprocessor=dict(mean=[127.5], std=[255.0]))
optim_wrapper = dict(optimizer=dict(lr=0.003))
