#!/usr/bin/env bash
# kornia: in a VideoSequential, RandomChannelDropout touches few clips, and flickers in those.
#
# One would guess: with same_on_frame=True each clip loses one channel, in all of its frames, as RandomChannelShuffle
#                  shuffles the channels of a clip the same way in all of them.
# What happens:    of B clips of T frames only B frames lose a channel: those of the first B / T clips, and each of
#                  them that of another clip, so the colour changes from frame to frame. All other clips stay as they
#                  are, with p=1 too. Of a single clip it is the first frame. same_on_frame=False does as it says. No
#                  error, no warning.
# Made here:       64 and 1 clips of 8 frames of one colour. All augmentations have p=1.
# Versions:        kornia 0.9.0, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   RandomInvert         same_on_frame=True : 512 of 512 frames change, in 64 of 64 clips; 64 clips are steady
#   RandomChannelShuffle same_on_frame=True : 360 of 512 frames change, in 45 of 64 clips; 45 clips are steady
#   RandomChannelDropout same_on_frame=False: 512 of 512 frames change, in 64 of 64 clips;  0 clips are steady
#   RandomChannelDropout same_on_frame=True :  64 of 512 frames change, in  8 of 64 clips;  0 clips are steady
#   RandomChannelDropout same_on_frame=True :   1 of   8 frames change, in  1 of  1 clips;  0 clips are steady
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 kornia==0.9.0 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -I -W ignore - <<'EOF'
import sys

import kornia.augmentation as K
import torch

FRAMES, COLOUR = 8, (0.3, 0.6, 0.9)


def report(augmentation, clips, same):
    """How many frames change, in how many clips, and how many of these are one colour throughout."""
    torch.manual_seed(0)
    video = torch.tensor(COLOUR)[None, None, :, None, None].repeat(clips, FRAMES, 1, 4, 4)
    apply = K.VideoSequential(augmentation(p=1.0), data_format='BTCHW', same_on_frame=same)
    after = apply(video)
    changed = (after != video).flatten(2).any(2)
    steady = (after == after[:, :1]).flatten(1).all(1) & changed.all(1)
    counts = changed.sum().item(), changed.any(1).sum().item(), steady.sum().item()
    print(f'{augmentation.__name__:20} same_on_frame={same!s:5}: {counts[0]:3} of {clips * FRAMES:3} frames change, in '
          f'{counts[1]:2} of {clips:2} clips; {counts[2]:2} clips are steady')
    return counts


CLIPS = 64
invert = report(K.RandomInvert, CLIPS, True)
shuffle = report(K.RandomChannelShuffle, CLIPS, True)
apart = report(K.RandomChannelDropout, CLIPS, False)
dropout, single = report(K.RandomChannelDropout, CLIPS, True), report(K.RandomChannelDropout, 1, True)
holds = invert == (CLIPS * FRAMES, CLIPS, CLIPS) and shuffle[0] > CLIPS and shuffle[2] == shuffle[1] > CLIPS / 2
holds &= apart[:2] == (CLIPS * FRAMES, CLIPS) and dropout == (CLIPS, CLIPS // FRAMES, 0) and single == (1, 1, 0)
sys.exit(not holds)
EOF
