#!/usr/bin/env bash
# Two packets that carry one and the same object as `opaque` take it from each other.
#
# One would guess: packet.opaque, with codec_context.copy_opaque, is an object that a packet carries to its frame;
#                  small integers (the packet's number) are the natural choice.
# What happens:    PyAV keeps such objects in one dictionary of the process, by their address. Python has only one
#                  object of each small integer. When the first packet that carries it is freed, in this file or in
#                  any other that is open, all frames lose theirs: frame.opaque is None, without an error. An object of
#                  its own for each packet (a list) arrives.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   integers: [None, None, None, None, None, None]
#   lists:    [[0], [1], [2], [3], [4], [5]]
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'PY'
import sys

import av
import numpy as np

with av.open('a.ts', 'w') as out:
    stream = out.add_stream('mpeg2video', rate=25)
    stream.width, stream.height, stream.pix_fmt = 64, 64, 'yuv420p'
    for number in range(6):
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 20 * number, np.uint8), format='rgb24')
        frame.pts = number
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def carried(label):
    """What the frames carry, while another packet with the same label comes and goes."""
    found = []
    with av.open('a.ts') as source:
        stream = source.streams.video[0]
        stream.thread_type = 'NONE'
        stream.codec_context.copy_opaque = True
        for number, packet in enumerate(packet for packet in source.demux(stream) if packet.size):
            packet.opaque = label(number)
            found += [frame.opaque for frame in stream.codec_context.decode(packet)]
            other = av.Packet(4)
            other.opaque = label(number)
            del other
        found += [frame.opaque for frame in stream.codec_context.decode(None)]
    return found


integers, lists = carried(lambda number: number), carried(lambda number: [number])
print('integers:', integers)
print('lists:   ', lists)
sys.exit(not (integers == [None] * 6 and lists == [[number] for number in range(6)]))
PY
