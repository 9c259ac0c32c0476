#!/usr/bin/env bash
# ffmpeg-quality-metrics: a perfect copy has a mean PSNR of 0 dB, and frames that are equal do not count in the mean.
#
# One would guess: the mean PSNR of equal videos is infinite, or an error, and the more frames are right the better.
# What happens:    infinite values are dropped before the mean, median, minimum and maximum, and where none is left 0.0
#                  stands: a lossless copy ranks below any other, beside an SSIM of 1.0. Frames that the encoder
#                  got right are left out, so a video with one bad frame among 24 has the same mean as one with
#                  24 bad frames. Nothing is said. FFmpeg's own summary gives inf, and for one bad frame 13.8 dB more.
# Made here:       24 pictures of grey noise in FFV1, a stream copy of it, and the same with more noise on 1 and on all.
# Versions:        ffmpeg-quality-metrics 3.13.0, imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), av 18.1.0, numpy 2.4.6
# Output seen:
#   copy: 24 of 24 frames equal; mean PSNR 0.0, SSIM 1.000; FFmpeg says inf
#   one : 23 of 24 frames equal; mean PSNR 21.0, SSIM 0.997; FFmpeg says 34.8
#   all :  0 of 24 frames equal; mean PSNR 21.0, SSIM 0.937; FFmpeg says 21.0
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check ffmpeg-quality-metrics==3.13.0 imageio-ffmpeg==0.8.1 \
    av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import re
import subprocess
import sys

import av
import imageio_ffmpeg
import numpy as np
from ffmpeg_quality_metrics import FfmpegQualityMetrics

COUNT, WIDTH, HEIGHT = 24, 160, 96
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
rng = np.random.default_rng(0)
PICTURES = rng.integers(60, 180, (COUNT, HEIGHT, WIDTH), dtype=np.uint8)
NOISE = rng.integers(0, 40, (HEIGHT, WIDTH), dtype=np.uint8)


def encode(path, bad):
    with av.open(path, 'w') as out:
        stream = out.add_stream('ffv1', rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'gray'
        for i, picture in enumerate(PICTURES):
            frame = av.VideoFrame.from_ndarray(picture + NOISE if i < bad else picture, format='gray')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def by_ffmpeg(path):
    command = [FFMPEG, '-i', path, '-i', 'a.mkv', '-lavfi', 'psnr', '-f', 'null', '-']
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.search(r'average:(\S+)', said)[1])


encode('a.mkv', 0)
encode('one.mkv', 1)
encode('all.mkv', COUNT)
subprocess.run([FFMPEG, '-v', 'error', '-i', 'a.mkv', '-c', 'copy', 'copy.mkv'], check=True)
mean, ffmpeg = {}, {}
for name in ('copy', 'one', 'all'):
    metrics = FfmpegQualityMetrics('a.mkv', f'{name}.mkv', ffmpeg_path=FFMPEG, progress=False)
    frames = metrics.calculate(['psnr', 'ssim'])['psnr']
    stats = metrics.get_global_stats()
    mean[name], ssim = stats['psnr']['psnr_avg']['average'], stats['ssim']['ssim_avg']['average']
    ffmpeg[name] = by_ffmpeg(f'{name}.mkv')
    equal = sum(frame['psnr_avg'] == float('inf') for frame in frames)
    print(f'{name:4}: {equal:2} of {len(frames)} frames equal; mean PSNR {mean[name]:.1f}, '
          f'SSIM {ssim:.3f}; FFmpeg says {ffmpeg[name]:.1f}')
holds = mean['copy'] == 0 and 0 < abs(mean['one']) < 40 and abs(mean['one'] - mean['all']) < 0.1
holds &= ffmpeg['copy'] == float('inf') and ffmpeg['one'] - ffmpeg['all'] > 10
sys.exit(not holds)
EOF
