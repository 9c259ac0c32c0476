#!/usr/bin/env bash
# FFmpeg's skip_frame: NONKEY skips nothing in VP9, NONINTRA skips no P-frame in MPEG-4, BIDIR damages what it keeps.
#
# One would guess: codec_context.skip_frame = 'NONKEY' gives the key frames, 'NONINTRA' frames that need no other,
#                  'BIDIR' all but B-frames, in each codec that has them; and a frame that comes out is right.
# What happens:    VP9, FFV1 and Snow ignore it: all 60 frames come out for 5 key frames. NONINTRA skips
#                  B-frames alone in MPEG-2 and MPEG-4 and nothing in VP8. BIDIR skips B-frames that others are
#                  predicted from: in H.264 a third of the frames kept has wrong pixels, not flagged as corrupt, and in
#                  HEVC over half of the other frames is lost as well. No error is raised.
# Made here:       60 pictures of blocks that move 4 pixels a frame, a key frame at every 12th, in Matroska; for BIDIR a
#                  key frame at every 30th. The numbers are of frames that come out.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   H.264   5 key packets, types {'B': 22, 'I': 5, 'P': 33}: NONKEY  5, NONINTRA  5
#   HEVC    5 key packets, types {'B': 26, 'I': 5, 'P': 29}: NONKEY  5, NONINTRA  5
#   MPEG-2  6 key packets, types {'B': 39, 'I': 6, 'P': 15}: NONKEY  6, NONINTRA 21
#   MPEG-4  6 key packets, types {'B': 39, 'I': 6, 'P': 15}: NONKEY  6, NONINTRA 21
#   VP8     5 key packets, types {'I': 5, 'P': 55}: NONKEY  5, NONINTRA 60
#   VP9     5 key packets, types {'I': 5, 'P': 55}: NONKEY 60, NONINTRA 60
#   FFV1    5 key packets, types {'I': 60}: NONKEY 60, NONINTRA 60
#   Snow    5 key packets, types {'I': 5, 'P': 55}: NONKEY 60, NONINTRA 60
#   H.264   35 frames are no B-frames: BIDIR 35, 13 of them wrong, by 4.9 levels in the mean of the worst; 0 flagged
#   HEVC    33 frames are no B-frames: BIDIR 14, 0 of them wrong, by 0.0 levels in the mean of the worst; 0 flagged
#   MPEG-4  21 frames are no B-frames: BIDIR 21, 0 of them wrong, by 0.0 levels in the mean of the worst; 0 flagged
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import sys
from collections import Counter

import av
import numpy as np
from av.video.frame import PictureType

av.logging.set_level(av.logging.PANIC)
COUNT, WIDTH, HEIGHT = 60, 160, 96
BLOCKS = np.random.default_rng(0).integers(16, 235, (HEIGHT // 4, 400, 3), dtype=np.uint8)
CODECS = {
    'H.264': ('libx264', {}),
    'HEVC': ('libx265', {'x265-params': 'log-level=none:scenecut=0'}),
    'MPEG-2': ('mpeg2video', {'bf': '2'}),
    'MPEG-4': ('mpeg4', {'bf': '2'}),
    'VP8': ('libvpx', {'deadline': 'realtime', 'cpu-used': '8'}),
    'VP9': ('libvpx-vp9', {'deadline': 'realtime', 'cpu-used': '8'}),
    'FFV1': ('ffv1', {'level': '3'}),
    'Snow': ('snow', {'strict': '-2'}),
}


def encode(path, codec, options, gop):
    with av.open(path, 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        stream.codec_context.gop_size = gop
        for i in range(COUNT):
            picture = np.kron(BLOCKS[:, i : i + WIDTH // 4], np.ones((4, 4, 1), np.uint8))
            frame = av.VideoFrame.from_ndarray(picture, format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def key_packets(path):
    with av.open(path) as source:
        return sum(packet.is_keyframe for packet in source.demux(video=0) if packet.size)


def decode(path, skip):
    """Frames by the number of their picture."""
    with av.open(path) as source:
        stream = source.streams.video[0]
        stream.codec_context.skip_frame = skip
        return {round(frame.time * 25): frame for frame in source.decode(stream)}


def pixels(frame):
    return frame.to_ndarray(format='rgb24').astype(int)


IGNORED = ('VP9', 'FFV1', 'Snow')
holds = True
for name, (codec, options) in CODECS.items():
    encode('a.mkv', codec, options, 12)
    keys = key_packets('a.mkv')
    types = Counter(PictureType(frame.pict_type).name for frame in decode('a.mkv', 'DEFAULT').values())
    nonkey, nonintra = (len(decode('a.mkv', skip)) for skip in ('NONKEY', 'NONINTRA'))
    print(f'{name:7} {keys} key packets, types {dict(sorted(types.items()))}: NONKEY {nonkey:2}, NONINTRA {nonintra:2}')
    expected = {'VP8': COUNT, 'MPEG-2': keys + types['P'], 'MPEG-4': keys + types['P']}.get(name, keys)
    holds &= (nonkey, nonintra) == ((COUNT, COUNT) if name in IGNORED else (keys, expected)) and keys < 10
for name in ('H.264', 'HEVC', 'MPEG-4'):
    encode('a.mkv', *CODECS[name], 30)
    whole, kept = decode('a.mkv', 'DEFAULT'), decode('a.mkv', 'BIDIR')
    others = sum(PictureType(frame.pict_type).name != 'B' for frame in whole.values())
    off = [abs(pixels(frame) - pixels(whole[number])).mean() for number, frame in kept.items()]
    flagged = sum(frame.is_corrupt for frame in kept.values())
    wrong = sum(error > 0 for error in off)
    print(f'{name:7} {others} frames are no B-frames: BIDIR {len(kept)}, {wrong} of them wrong, by {max(off):.1f} '
          f'levels in the mean of the worst; {flagged} flagged')
    holds &= flagged == 0
    holds &= len(kept) < others - 10 if name == 'HEVC' else len(kept) == others
    holds &= wrong > 5 and max(off) > 2 if name == 'H.264' else wrong == 0
sys.exit(not holds)
EOF
