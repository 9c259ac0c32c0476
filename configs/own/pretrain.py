"""Pretraining on your own videos: a 3D ResNet-18 at 80 px, both pretext tasks, no labels.

    cmvl pretrain FOLDER -o WORK_DIR
    python tools/train.py configs/own/pretrain.py --cfg-options data=PREPARED_FOLDER

Videos need 41 frames: a clip of 31, a gap of 2, 8 of motion. `cmvl pretrain` re-encodes the videos first. For fewer
than 1,000 videos it keeps the 3,100 steps by training more epochs, up to ten times as many. What the network learns is
not measured.
Paper: none
Cost: 3.3 CPU-seconds a step of 16 clips, loading included, measured over 6 steps of one thread on an AMD EPYC beside
    other work; 1,000 videos, 50 epochs of 62 steps: 1.4 hours on two cores, extrapolated for two threads without loss
"""

_base_ = [
    '../_base_/models/own_pretrain.py',
    '../_base_/datasets/own_pretrain.py',
    '../_base_/schedules/own.py',
    '../_base_/fast_step.py',
    '../_base_/runtime.py',
]
