#!/usr/bin/env bash
# MMAction2's PyAVInit counts 0 frames in .webm and .mkv: a clip is then the first frame over and over.
#
# One would guess: the same video in .mp4 and in .webm gives the same clips, or an error says that its frames are not
#                  counted.
# What happens:    PyAVInit takes the number of frames from the container. Matroska states none, and the 0 by which
#                  PyAV says so goes on as the number. SampleFrames divides by it: 8 frames, 4 apart, are frame 0 eight
#                  times, in training as in test. NumPy warns of a division by zero once a process and names no file.
#                  Eight segments of one frame are an IndexError. OpenCVInit and OpenCVDecode are right.
# Made here:       120 pictures, each with its number as bars, by libx264 and libvpx-vp9. The wheel lacks
#                  mmaction.models.localizers.drn, which its own models import: an empty one stands in for it.
# Versions:        mmaction2 1.2.0, mmcv-lite 2.1.0, mmengine 0.10.7, av 18.1.0 (FFmpeg 8.1.2), opencv-python and
#                  opencv-contrib-python 5.0.0.93, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   a.mp4  dense : 120 frames, clip [45, 49, 53, 57, 61, 65, 69, 73], 0 warnings
#   a.mp4  sparse: 120 frames, clip [7, 22, 37, 52, 67, 82, 97, 112], 0 warnings
#   a.mp4  OpenCV: 120 frames, clip [45, 49, 53, 57, 61, 65, 69, 73], 0 warnings
#   a.mkv  dense :   0 frames, clip [0, 0, 0, 0, 0, 0, 0, 0], 1 warnings
#   a.mkv  sparse:   0 frames, clip IndexError('list index out of range'), 2 warnings
#   a.mkv  OpenCV: 120 frames, clip [45, 49, 53, 57, 61, 65, 69, 73], 0 warnings
#   a.webm dense :   0 frames, clip [0, 0, 0, 0, 0, 0, 0, 0], 1 warnings
#   a.webm sparse:   0 frames, clip IndexError('list index out of range'), 2 warnings
#   a.webm OpenCV: 120 frames, clip [45, 49, 53, 57, 61, 65, 69, 73], 0 warnings
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 mmengine==0.10.7 mmcv-lite==2.1.0 \
    mmaction2==1.2.0 av==18.1.0 numpy==2.4.6 importlib_metadata==10.2.0 'setuptools<81' \
    opencv-python==5.0.0.93 opencv-contrib-python==5.0.0.93
venv/bin/python -I -W ignore - <<'EOF'
import sys
import warnings
from types import ModuleType

import av
import numpy as np

for name in ('mmaction.models.localizers.drn', 'mmaction.models.localizers.drn.drn'):
    sys.modules[name] = ModuleType(name)
    sys.modules[name].DRN = None
from mmaction.datasets.transforms import OpenCVDecode, OpenCVInit, PyAVDecode, PyAVInit, SampleFrames

COUNT, WIDTH, HEIGHT = 120, 160, 64
FILES = {'a.mp4': 'libx264', 'a.mkv': 'libx264', 'a.webm': 'libvpx-vp9'}


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, codec):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options={'crf': '15', 'g': '20', 'deadline': 'realtime'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def clip(path, init, sample, decode):
    results = init.transform({'filename': path, 'start_index': 0, 'modality': 'RGB'})
    counted = results['total_frames']
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        results = sample.transform(results)
    try:
        shown = [number_of(image) for image in decode.transform(results)['imgs']]
    except IndexError as error:
        shown = repr(error)
    return counted, shown, sum(issubclass(warning.category, RuntimeWarning) for warning in caught)


dense = SampleFrames(clip_len=8, frame_interval=4, num_clips=1, test_mode=True)
sparse = SampleFrames(clip_len=1, frame_interval=1, num_clips=8, test_mode=True)
DENSE, SPARSE = list(range(45, 77, 4)), [7, 22, 37, 52, 67, 82, 97, 112]
holds = True
for path, codec in FILES.items():
    encode(path, codec)
    for name, wanted, arguments in (
        ('dense', DENSE, (PyAVInit(), dense, PyAVDecode())),
        ('sparse', SPARSE, (PyAVInit(), sparse, PyAVDecode())),
        ('OpenCV', DENSE, (OpenCVInit(), dense, OpenCVDecode())),
    ):
        counted, shown, warned = clip(path, *arguments)
        print(f'{path:6} {name:6}: {counted:3} frames, clip {shown}, {warned} warnings')
        if path == 'a.mp4' or name == 'OpenCV':
            holds &= counted == COUNT and not warned and shown == wanted
        else:
            holds &= counted == 0 and ('IndexError' in shown if name == 'sparse' else shown == [0] * 8)
sys.exit(not holds)
EOF
