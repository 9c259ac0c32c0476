#!/usr/bin/env bash
# A trimmed .mp4, copied to a fragmented .mp4, to .mkv or to .ts: what was cut away is shown again.
#
# One would guess: a stream copy changes the container and no picture, so all copies of a file show the same frames.
# What happens:    a trim without encoding, as FFmpeg's -ss with -c copy makes it, keeps the packets from the
#                  key frame on and hides the first of them by an edit list. A copy to a plain .mp4 has that list; one
#                  to .mkv or .ts, or to an .mp4 with the movflags that streaming needs, shows what it hid: 15 frames
#                  more at the start, so frame i and second t are another moment. PyAV's demux() and mux() do the same.
#                  No error, no warning.
# Made here:       120 frames that show their number, a key frame each 30, by libx264 with two B-frames; cut at 1.5 s.
# Versions:        imageio-ffmpeg 0.8.1 (FFmpeg 9.0.2), av 18.1.0 (FFmpeg 8.1.2), opencv-python-headless 5.0.0.93
# Output seen:
#   whole.mp4   : PyAV 120 frames from frame  0 of the whole on; OpenCV 120 frames from frame  0 of the whole on
#   trimmed.mp4 : PyAV  75 frames from frame 45 of the whole on; OpenCV  75 frames from frame 45 of the whole on
#   plain.mp4   : PyAV  75 frames from frame 45 of the whole on; OpenCV  75 frames from frame 45 of the whole on
#   streamed.mp4: PyAV  90 frames from frame 30 of the whole on; OpenCV  90 frames from frame 30 of the whole on
#   copy.mkv    : PyAV  90 frames from frame 30 of the whole on; OpenCV  90 frames from frame 30 of the whole on
#   copy.ts     : PyAV  90 frames from frame 30 of the whole on; OpenCV  90 frames from frame 30 of the whole on
#   pyav.mp4    : PyAV  75 frames from frame 45 of the whole on; OpenCV  75 frames from frame 45 of the whole on
#   pyav.mkv    : PyAV  90 frames from frame 30 of the whole on; OpenCV  90 frames from frame 30 of the whole on
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 imageio-ffmpeg==0.8.1 \
    opencv-python-headless==5.0.0.93 numpy==2.4.6
venv/bin/python -I -W ignore - <<'EOF'
import subprocess
import sys

import av
import cv2
import imageio_ffmpeg
import numpy as np

COUNT, RATE, GROUP, CUT = 120, 30, 30, 45
BITS, STRIPE, HEIGHT = 7, 16, 48  # a frame shows its number, a bright stripe for each bit that is set


def write(path):
    with av.open(path, 'w') as out:
        options = {'g': str(GROUP), 'bf': '2', 'sc_threshold': '0', 'crf': '1'}
        stream = out.add_stream('libx264', rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = BITS * STRIPE, HEIGHT, 'yuv420p'
        for i in range(COUNT):
            bits = (i >> np.arange(BITS) & 1).astype(np.uint8) * 255
            stripes = np.broadcast_to(bits.repeat(STRIPE)[None, :, None], (HEIGHT, BITS * STRIPE, 3))
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(stripes), format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def number(image):
    bright = image.reshape(HEIGHT, BITS, -1).mean((0, 2)) > 128
    return int(bright @ (1 << np.arange(BITS)))


def command(*arguments):
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', *arguments], check=True)


def by_pyav(path):
    with av.open(path) as source:
        return [frame.to_ndarray(format='rgb24') for frame in source.decode(video=0)]


def by_opencv(path):
    capture, images = cv2.VideoCapture(path), []
    while (got := capture.read())[0]:
        images.append(got[1])
    return images


def remux(source_path, path):
    with av.open(source_path) as source, av.open(path, 'w') as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)


write('whole.mp4')
command('-ss', str(CUT / RATE), '-i', 'whole.mp4', '-c', 'copy', 'trimmed.mp4')
COPIES = {
    'plain.mp4': [],
    'streamed.mp4': ['-movflags', 'frag_keyframe+empty_moov'],
    'copy.mkv': [],
    'copy.ts': [],
}
for path, options in COPIES.items():
    command('-i', 'trimmed.mp4', '-c', 'copy', *options, path)
remux('trimmed.mp4', 'pyav.mp4')
remux('trimmed.mp4', 'pyav.mkv')
SHOWN = {'whole.mp4': 0, 'trimmed.mp4': CUT, 'plain.mp4': CUT, 'pyav.mp4': CUT}
holds = True
for path in ('whole.mp4', 'trimmed.mp4', *COPIES, 'pyav.mp4', 'pyav.mkv'):
    words = []
    for name, read in (('PyAV', by_pyav), ('OpenCV', by_opencv)):
        images = read(path)
        first = number(images[0])
        words.append(f'{name} {len(images):3} frames from frame {first:2} of the whole on')
        wanted = SHOWN.get(path, GROUP)
        holds &= len(images) == COUNT - wanted and first == wanted
    print(f'{path:12}: ' + '; '.join(words))
sys.exit(not holds)
EOF
