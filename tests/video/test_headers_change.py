"""MPEG-4 Part 2 whose headers change in mid-stream: no frame is lost, no vector is read by another part's header."""

from itertools import permutations

import numpy as np
import pytest
from plain_decode import decode_plainly
from video_files import encode_clip

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo

PAN = make_pan(displacement=(3, -2), num_frames=14, height=96, width=128)
PARTS = {
    'no B-frames': {'bf': '0'},
    'B-frames': {'bf': '2'},
    'quarter pixels': {'bf': '2', 'flags': '+qpel'},
}


@pytest.mark.parametrize(('first', 'second'), list(permutations(PARTS, 2)))
def test_parts_of_one_file(tmp_path, first, second):
    parts = [
        encode_clip(tmp_path / f'{number}.ts', PAN.frames, 'mpeg4', {'g': '6', 'qmin': '2', 'qmax': '2', **PARTS[name]})
        for number, name in enumerate((first, second))
    ]
    path = tmp_path / 'joined.ts'
    path.write_bytes(b''.join(part.read_bytes() for part in parts))
    plain = decode_plainly(path)
    with CompressedVideo(path, block=16) as video:
        assert video.num_frames == len(plain)
        for number in reversed(range(len(plain))):
            np.testing.assert_array_equal(video.read(rgb=[number]).rgb[0], plain[number].to_ndarray(format='rgb24'))
        types = video.frame_types
        field = video.read(motion=range(len(plain))).motion
    for number, kind in enumerate(types):
        if kind == 'B':
            assert 'the bits cannot be read' in field.missing[number]
        elif kind == 'P' and field.valid[number].any():
            vectors = field.vectors[number][field.valid[number]] / 4
            steps = np.rint(vectors[:, :1] / 3)
            assert (np.abs(vectors - steps * (3, -2)).max(axis=1) <= 0.5).mean() > 0.8, number
