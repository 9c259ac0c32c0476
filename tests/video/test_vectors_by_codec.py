"""What is provided of each codec, on pans of known motion: docs/vectors.md holds the table that this module prints.

Run it to make the table anew: .venv/bin/python tests/video/test_vectors_by_codec.py
"""

import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from video_files import encode_clip, fields_interleaved

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.motion import QUARTERS

DOCS = Path(__file__).parents[2] / 'docs' / 'vectors.md'
SIZE = 144, 176  # QCIF: H.261 and H.263 take few
NUM_FRAMES = 20
MOVES = 3, -2  # px a frame
FINE = {'qmin': '2', 'qmax': '2', 'b': '100000000', 'g': '12'}
B = {'bf': '2'}
FIELDS = {'flags': '+ilme+ildct'}
SMALL = {'flags': '+mv4', 'mbd': 'rd'}


def x264(**more):
    parameters = {'keyint': 12, 'scenecut': 0, 'threads': 1} | {name.replace('_', '-'): v for name, v in more.items()}
    return {'crf': '10', 'x264-params': ':'.join(f'{name}={value}' for name, value in parameters.items())}


# (codec, stream) as in the table -> suffix, encoder, options
PROGRESSIVE = {
    ('mpeg4', 'P-frames'): ('.mp4', 'mpeg4', {}),
    ('mpeg4', 'vectors of 8x8 px'): ('.mp4', 'mpeg4', SMALL),
    ('mpeg4', 'quarter pixels'): ('.mp4', 'mpeg4', {'flags': '+qpel', 'mbd': 'rd'}),
    ('mpeg4', 'B-frames, mp4'): ('.mp4', 'mpeg4', B),
    ('mpeg4', 'B-frames, avi'): ('.avi', 'mpeg4', B),
    ('mpeg4', 'B-frames, mkv'): ('.mkv', 'mpeg4', B),
    ('mpeg4', 'B-frames, 8x8 px, quarter pixels'): ('.mp4', 'mpeg4', B | {'flags': '+mv4+qpel', 'mbd': 'rd'}),
    ('mpeg4', 'B-frames, video packets'): ('.mp4', 'mpeg4', B | {'ps': '300'}),
    ('mpeg4', 'B-frames, data partitions'): ('.mp4', 'mpeg4', B | {'data_partitioning': '1'}),
    ('mpeg4', 'B-frames, four in a row'): ('.mp4', 'mpeg4', {'bf': '4', 'b_strategy': '0'}),
    ('h264', 'P-frames'): ('.mp4', 'libx264', x264(bframes=0)),
    ('h264', 'P-frames, four references'): ('.mp4', 'libx264', x264(bframes=0, ref=4)),
    ('h264', 'B-frames'): ('.mp4', 'libx264', x264(bframes=3, b_adapt=0, ref=3)),
    ('h264', 'B-frames, no pyramid'): ('.mkv', 'libx264', x264(bframes=3, b_adapt=0, b_pyramid='none')),
    ('h264', 'B-frames, open GOP'): ('.ts', 'libx264', x264(bframes=3, b_adapt=0, open_gop=1)),
    ('h264', 'B-frames, raw'): ('.264', 'libx264', x264(bframes=3, b_adapt=0)),
    ('h264', 'B-frames, four slices'): ('.mp4', 'libx264', x264(bframes=3, b_adapt=0, slices=4)),
    ('h264', 'flagged interlaced, coded in frames'): ('.mp4', 'libx264', x264(fake_interlaced=1, bframes=0)),
    ('mpeg2video', 'P-frames'): ('.ts', 'mpeg2video', {}),
    ('mpeg2video', 'B-frames'): ('.ts', 'mpeg2video', B),
    ('mpeg2video', 'B-frames, raw'): ('.m2v', 'mpeg2video', B),
    ('mpeg1video', 'P-frames'): ('.mpg', 'mpeg1video', {}),
    ('mpeg1video', 'B-frames'): ('.mpg', 'mpeg1video', B),
    ('h261', 'P-frames'): ('.avi', 'h261', {}),
    ('h263', 'P-frames'): ('.3gp', 'h263', {}),
    ('h263', 'H.263+, long vectors'): ('.avi', 'h263p', {'umv': '1'}),
    ('h263', 'H.263+, vectors of 8x8 px'): ('.avi', 'h263p', {'flags': '+mv4+aic+loop', 'mbd': 'rd'}),
    ('flv1', 'P-frames'): ('.flv', 'flv', {}),
    ('msmpeg4v2', 'P-frames'): ('.avi', 'msmpeg4v2', {}),
    ('msmpeg4v3', 'P-frames'): ('.avi', 'msmpeg4', {}),
    ('wmv1', 'P-frames'): ('.wmv', 'wmv1', {}),
    ('wmv2', 'P-frames'): ('.wmv', 'wmv2', {}),
    ('rv10', 'P-frames'): ('.rm', 'rv10', {}),
    ('rv20', 'P-frames'): ('.rm', 'rv20', {}),
    ('snow', 'P-frames'): ('.avi', 'snow', {}),
    ('snow', 'three references, 8x8 px'): ('.avi', 'snow', {'refs': '3', 'flags': '+mv4'}),
    ('hevc', 'any'): ('.mp4', 'libx265', {'x265-params': 'keyint=12:bframes=3:log-level=none:pools=none'}),
    ('vp8', 'any'): ('.webm', 'libvpx', {'b': '300000'}),
    ('vp9', 'any'): ('.webm', 'libvpx-vp9', {'b': '300000'}),
    ('ffv1', 'any'): ('.mkv', 'ffv1', {}),
}
INTERLACED = {
    ('mpeg4', 'interlaced, P-frames'): ('.mp4', 'mpeg4', FIELDS),
    ('mpeg4', 'interlaced, B-frames'): ('.mp4', 'mpeg4', FIELDS | B),
    ('h264', 'interlaced in macroblocks (MBAFF), P-frames'): ('.mp4', 'libx264', x264(tff=1, bframes=0)),
    ('h264', 'interlaced in macroblocks (MBAFF), B-frames'): ('.ts', 'libx264', x264(bff=1, bframes=2, b_adapt=0)),
    ('mpeg2video', 'interlaced, frame pictures, P-frames'): ('.ts', 'mpeg2video', FIELDS),
    ('mpeg2video', 'interlaced, frame pictures, B-frames'): ('.ts', 'mpeg2video', FIELDS | B),
}


def progressive_pan():
    return make_pan(displacement=MOVES, num_frames=NUM_FRAMES, height=SIZE[0], width=SIZE[1]).frames


def interlaced_pan():
    """Two fields a frame, the upper lines first; each moves by half of what a frame does."""
    fields = make_pan(displacement=(3, 2), num_frames=2 * NUM_FRAMES, height=SIZE[0], width=SIZE[1]).frames
    return fields_interleaved(fields)


CASES = [
    (key, case, frames, per_frame)
    for table, frames, per_frame in ((PROGRESSIVE, progressive_pan, MOVES), (INTERLACED, interlaced_pan, (6, 4)))
    for key, case in table.items()
]
_INSIDE = slice(None), slice(3, -3), slice(3, -3)  # cells: some codecs have no vectors from outside the picture


def write(case, frames, folder):
    suffix, encoder, options = case
    options = options if encoder.startswith('lib') else FINE | options
    return encode_clip(Path(folder) / f'pan{suffix}', frames(), encoder, options)


def row(key, path, per_frame):
    """One line of the table: codec, stream, what its P- and its B-frames give."""
    verdicts = defaultdict(set)
    with CompressedVideo(path) as video:
        assert video.codec == key[0]
        try:
            field = video.read(motion=range(video.num_frames)).motion
        except VideoError as error:
            return f'| {key[0]} | {key[1]} | refused: {error.reason} | |'
        for kind in 'IPB':
            numbers = [number for number, found in enumerate(video.frame_types) if found == kind]
            if numbers:
                verdicts[kind] = verdict(field, numbers, per_frame)
    assert verdicts['I'] == 'invalid: an I-frame has no vectors'
    return f'| {key[0]} | {key[1]} | {verdicts["P"]} | {verdicts.get("B", "")} |'


def verdict(field, numbers, per_frame):
    """'right' if all vectors but a few are whole multiples of the pan's, up to half a pixel; or why there are none."""
    reasons = {field.missing[number] for number in numbers}
    if None not in reasons:
        assert not field.valid[numbers].any()
        return f'invalid: {" / ".join(sorted(reasons))}'
    vectors, valid = field.vectors[numbers][_INSIDE], field.valid[numbers][_INSIDE]
    step = QUARTERS * np.array(per_frame)
    times = np.rint(vectors[valid] @ step / (step @ step))[:, None]  # frames back to the reference
    right = (np.abs(vectors[valid] - times * step) <= 2).all(axis=1) & (times[:, 0] > 0)
    assert right.all() or right.mean() > 0.97, (right.mean(), valid.mean())
    return 'right' if valid.mean() > 0.3 else 'right, of few blocks'


@pytest.mark.parametrize(('key', 'case', 'frames', 'per_frame'), CASES, ids=[' '.join(key) for key, *_ in CASES])
def test_the_table_says_what_is_provided(tmp_path, key, case, frames, per_frame):
    """And a frame read alone is the same: the last one, and each of interlaced video."""
    path = write(case, frames, tmp_path)
    line = row(key, path, per_frame)
    assert line in DOCS.read_text().splitlines()
    if 'refused' in line:
        return
    with CompressedVideo(path) as video, CompressedVideo(path) as again:
        field = video.read(motion=range(NUM_FRAMES)).motion
        for number in range(NUM_FRAMES) if key in INTERLACED else [NUM_FRAMES - 1]:
            alone = again.read(motion=[number]).motion
            np.testing.assert_array_equal(alone.vectors[0], field.vectors[number])
            np.testing.assert_array_equal(alone.valid[0], field.valid[number])
            assert alone.missing == field.missing[number : number + 1]


if __name__ == '__main__':
    for key, case, frames, per_frame in CASES:
        with tempfile.TemporaryDirectory() as folder:
            print(row(key, write(case, frames, folder), per_frame))
