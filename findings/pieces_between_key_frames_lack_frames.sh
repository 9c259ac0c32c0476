#!/usr/bin/env bash
# FFmpeg: a video cut at its key frames without re-encoding lacks the frames before each cut, with open groups.
#
# One would guess: -c copy -f segment cuts only at key frames so that each piece decodes alone, and the pieces hold all
#                  frames, in .mp4 pieces of an .mp4 file at least.
# What happens:    with open groups of pictures, which FFmpeg's MPEG-2 encoder makes and broadcasts use, B-frames that
#                  are shown before a key frame are stored behind it. They go into the next piece, where what they
#                  refer to is missing: an edit list hides them in .mp4, the decoder drops them in .mkv. Each piece
#                  but the last loses 2 or 3 frames of its end, a tenth of the video in all. Read through a list of
#                  the pieces (-f concat) they come back in .mkv and stay lost in .mp4. No error, no warning.
# Made here:       120 pictures, each with its number as bars, 25 a second, a key frame at every 20th or 18th, by
#                  libx264, libx265 and FFmpeg's mpeg2video encoder.
# Versions:        imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   H.264, closed: 120 frames; .mp4 pieces of [20, 20, 20, 20, 20, 20], in all 120, as a list 120; lost []
#   H.264, closed: 120 frames; .mkv pieces of [20, 20, 20, 20, 20, 20], in all 120, as a list 120; lost []
#   H.264, open  : 120 frames; .mp4 pieces of [17, 17, 17, 17, 17, 20], in all 105, as a list 105; lost [17, 18, 19]
#   H.264, open  : 120 frames; .mkv pieces of [17, 17, 17, 17, 17, 20], in all 105, as a list 120; lost [17, 18, 19]
#   HEVC, open   : 120 frames; .mp4 pieces of [17, 17, 17, 17, 17, 20], in all 105, as a list 105; lost [17, 18, 19]
#   HEVC, open   : 120 frames; .mkv pieces of [17, 17, 17, 17, 17, 20], in all 105, as a list 120; lost [17, 18, 19]
#   MPEG-2       : 120 frames; .mp4 pieces of [19, 16, 16, 16, 16, 16, 9], in all 108, as a list 108; lost [19, 20, 37]
#   MPEG-2       : 120 frames; .mkv pieces of [19, 16, 16, 16, 16, 16, 9], in all 108, as a list 120; lost [19, 20, 37]
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 imageio-ffmpeg==0.8.1 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import subprocess
import sys
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np

COUNT, WIDTH, HEIGHT = 120, 160, 64
X264 = 'keyint=20:min-keyint=20:scenecut=0:bframes=3:b-adapt=0:open-gop='
SOURCES = {
    'H.264, closed': ('libx264', {'crf': '15', 'x264-params': X264 + '0'}),
    'H.264, open': ('libx264', {'crf': '15', 'x264-params': X264 + '1'}),
    'HEVC, open': ('libx265', {'crf': '15', 'x265-params': X264 + '1:log-level=none'}),
    'MPEG-2': ('mpeg2video', {'g': '20', 'bf': '2', 'b': '9000000', 'sc_threshold': '1000000000'}),
}


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for bit in range(8):
        image[8:56, 8 + 18 * bit : 22 + 18 * bit] = 235 if number >> bit & 1 else 16
    return image


def number_of(image):
    bars = (image[16:48, 11 + 18 * bit : 19 + 18 * bit] for bit in range(8))
    return sum(int(bar.mean() > 125) << bit for bit, bar in enumerate(bars))


def encode(path, codec, options):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for i in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(i), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def cut(path, end):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), '-y', '-loglevel', 'warning', '-i', path, '-c', 'copy', '-f', 'segment']
    done = subprocess.run([*command, '-segment_time', '0.7', f'piece%02d.{end}'], capture_output=True, check=True)
    return sorted(Path().glob(f'piece*.{end}')), done.stderr


def numbers(path, **options):
    with av.open(str(path), **options) as source:
        return [number_of(frame.to_ndarray(format='rgb24')) for frame in source.decode(video=0)]


holds = True
for name, (codec, options) in SOURCES.items():
    encode('whole.mp4', codec, options)
    whole = numbers('whole.mp4')
    for end in ('mp4', 'mkv'):
        pieces, warnings = cut('whole.mp4', end)
        alone = [numbers(piece) for piece in pieces]
        Path('list.txt').write_text(''.join(f"file '{piece}'\n" for piece in pieces))
        joined = numbers('list.txt', format='concat')
        lost = sorted(set(whole) - set(sum(alone, [])))
        print(f'{name:13}: {len(whole)} frames; .{end} pieces of {[len(some) for some in alone]}, in all '
              f'{sum(map(len, alone))}, as a list {len(joined)}; lost {lost[:3]}')
        open_groups = 'closed' not in name
        holds &= whole == list(range(COUNT)) and not warnings and joined == (sum(alone, []) if end == 'mp4' else whole)
        holds &= (len(lost) >= 2 * (len(pieces) - 1)) if open_groups else not lost
        for piece in pieces:
            piece.unlink()
sys.exit(not holds)
EOF
