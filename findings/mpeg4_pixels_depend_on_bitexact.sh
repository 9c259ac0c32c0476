#!/usr/bin/env bash
# MPEG-4 Part 2: FFmpeg's decoder gives other pixels with the flag "bitexact" than without.
#
# One would guess: MPEG-4 Part 2 states its half-pixel filter to the bit, and the decoder is marked as exact, so that
#                  "bitexact" changes nothing but the choice between paths of equal result.
# What happens:    on x86-64, where vop_rounding_type is 1 (every second P-frame of FFmpeg's encoder), the fast filter
#                  rounds up where a sample that it averages is 0. The samples then differ by one, and so do those that
#                  are predicted from them. With "bitexact" the pixels are the standard's.
# Made here:       60 frames of FFmpeg's own testsrc2, shrunk so that some samples are 0, by FFmpeg's own encoder.
# Versions:        av 18.1.0 (FFmpeg 8.1.2), numpy 2.4.6
# Output seen:
#   60 frames of 228x128: 9 of 2626560 samples differ, by at most 1; of a video without zeros: 0
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
venv/bin/python -I - <<'EOF'
import io
import sys

import av
import numpy as np

SOURCE = 'testsrc2=size=1280x720:rate=30:duration=2,scale=228:128:flags=bicubic,format=yuv420p'
WITHOUT_ZEROS = SOURCE + ",lutyuv=y='max(val,16)':u='max(val,16)':v='max(val,16)'"


def encoded(source):
    file = io.BytesIO()
    with av.open(source, format='lavfi') as frames, av.open(file, 'w', format='avi') as container:
        stream = container.add_stream('mpeg4', rate=30, options={'qmin': '3', 'qmax': '3', 'b': '1000000000'})
        stream.width, stream.height, stream.pix_fmt = 228, 128, 'yuv420p'
        for frame in frames.decode(video=0):
            frame.pict_type = 0
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def decoded(file, flags):
    file.seek(0)
    with av.open(file) as container:
        context = container.streams.video[0].codec_context
        context.thread_count, context.options = 1, {'flags': flags}
        return np.stack([frame.to_ndarray() for frame in container.decode(video=0)]).astype(int)


counts = []
for source in (SOURCE, WITHOUT_ZEROS):
    file = encoded(source)
    differences = np.abs(decoded(file, '+unaligned') - decoded(file, '+bitexact'))
    counts.append((int((differences > 0).sum()), int(differences.max())))
    size = differences.size
(found, most), (clean, _) = counts
print(f'60 frames of 228x128: {found} of {size} samples differ, by at most {most}; of a video without zeros: {clean}')
sys.exit(0 if found and most == 1 and not clean else 1)
EOF
