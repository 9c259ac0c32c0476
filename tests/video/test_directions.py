"""Vectors to the past and to the future stay apart, their distances are known or None, and a pan is a pan per frame."""

import numpy as np
import pytest
from h264_writer import MOVED, SIZE, mux, picture
from video_files import encode_clip

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, MotionField, SettingError
from cmvl_mm.video.distances import by_types

SPEED = 4  # px a frame, to the right
THREE_B = 'keyint=20:bframes=3:b-adapt=0:scenecut=0'
STREAMS = {
    'h264, references of x264': ('a.mp4', 'libx264', {'x264-params': THREE_B}),
    'h264, one reference': ('b.mp4', 'libx264', {'x264-params': f'{THREE_B}:ref=1:weightp=0'}),
    'h264 in ts': ('c.ts', 'libx264', {'x264-params': f'{THREE_B}:ref=1:weightp=0'}),
    'h264 without B-frames': ('d.mp4', 'libx264', {'x264-params': 'keyint=20:bframes=0:ref=1:weightp=0'}),
    'mpeg1': ('e.mpg', 'mpeg1video', {'bf': '2', 'g': '12', 'qmin': '2', 'qmax': '2'}),
    'mpeg2': ('f.ts', 'mpeg2video', {'bf': '2', 'g': '12', 'qmin': '2', 'qmax': '2'}),
    'mpeg4': ('g.mkv', 'mpeg4', {'bf': '2', 'g': '12', 'qmin': '2', 'qmax': '2'}),
    'flv1': ('h.flv', 'flv', {'g': '12'}),
}
NUM_FRAMES = 40


@pytest.fixture(scope='module')
def streams(tmp_path_factory):
    folder = tmp_path_factory.mktemp('directions')
    pan = make_pan(displacement=(SPEED, 0), num_frames=NUM_FRAMES, height=96, width=128)

    def stream(name):
        file, codec, options = STREAMS[name]
        path = folder / file
        return path if path.exists() else encode_clip(path, pan.frames, codec, options)

    return stream


def moved(field: MotionField, row: int) -> np.ndarray:
    """(m, 2) px, of the inner cells: at the edges content comes in that nothing predicts."""
    valid = field.valid[row].copy()
    valid[:, [0, 1, -2, -1]] = valid[[0, -1]] = False
    return field.vectors[row][valid] / 4


@pytest.mark.parametrize('name', STREAMS)
def test_a_pan_is_its_speed_times_the_distance_and_its_speed_per_frame(streams, name):
    with CompressedVideo(streams(name)) as video:
        every = range(NUM_FRAMES)
        raw = video.read(motion=every, directions='both')
        normal = video.read(motion=every, directions='both', normalise='per_frame')
        plain = video.read(motion=every)
        types = video.frame_types
    np.testing.assert_array_equal(raw.motion.vectors, plain.motion.vectors)
    assert plain.future is None
    assert plain.motion.distance is None, 'it was not asked for'
    with pytest.raises(ValueError, match=r"has no distances\. Remedy: read it with directions='both'"):
        plain.motion.per_frame()
    known = {'past': 0, 'future': 0}
    for direction, field, per_frame in (
        ('past', raw.motion, normal.motion),
        ('future', raw.future, normal.future),
    ):
        for row, distance in enumerate(field.distance):
            if distance is None:
                assert not per_frame.valid[row].any()
                assert per_frame.missing[row]
                continue
            assert (distance > 0) is (direction == 'past')
            known[direction] += 1
            np.testing.assert_array_equal(per_frame.valid[row], field.valid[row])
            for found, expected in ((moved(field, row), SPEED * distance), (moved(per_frame, row), SPEED)):
                if len(found) > 20:
                    assert np.abs(np.median(found, axis=0) - [expected, 0]).max() <= 0.5, (row, types[row], distance)
    assert known['past'] > (5 if name != 'flv1' else -1)
    assert (known['past'] == 0) is (name == 'flv1'), 'nothing is claimed of a codec that was not looked at'
    has_future = name not in ('h264 without B-frames', 'flv1')
    assert (known['future'] > 5) is has_future
    for row, kind in enumerate(types):
        assert kind == 'B' or not raw.future.valid[row].any()
        assert raw.future.missing[row] or has_future


def test_distances_in_a_stream_of_one_reference(streams):
    with CompressedVideo(streams('h264, one reference')) as video:
        assert video.frame_types[:9] == 'IBBBPBBBP'
        frames = video.read(motion=range(9), directions='both')
        assert frames.motion.distance == (None, 1, 2, 1, 4, 1, 2, 1, 4)
        assert frames.future.distance == (None, -1, -2, -1, None, -1, -2, -1, None)
        assert frames.future.missing[4] == 'the frame refers only to pictures displayed before it'


def test_several_references_have_no_distance(streams):
    with CompressedVideo(streams('h264, references of x264')) as video:
        field = video.read(motion=range(NUM_FRAMES), normalise='per_frame').motion
    lost = [row for row in range(NUM_FRAMES) if field.missing[row] == 'the distance to the reference is unknown']
    assert 8 in lost, 'the second P-frame may refer to the I-frame, too'
    assert not field.valid[lost].any()
    assert not field.vectors[lost].any()


REFERENCES = {  # of frame 3, of which 0, 1 and 2 are held: entries of its list, changes, the entry named, the distance
    'the list is cut to one': (1, (), 0, 1),
    'the list is cut to one, and another is called up': (1, [(0, 2)], 0, 3),
    'both entries are one picture': (2, [(0, 1), (0, 15)], 1, 2),
    'two pictures': (2, (), 1, None),
    'three pictures, the last named': (3, (), 2, None),
}


@pytest.mark.parametrize('name', REFERENCES)
def test_what_slice_headers_tell_of_a_reference(tmp_path, name):
    entries, changes, named, distance = REFERENCES[name]
    whole = 0, (0,), [MOVED]
    texture = np.random.default_rng(0).integers(16, 235, (SIZE, SIZE))
    pictures = [
        (0, picture('I', 0, 0, luma=texture, idr=True)),
        *((n, picture('P', n, 2 * n, blocks=whole)) for n in (1, 2)),
        (3, picture('P', 3, 6, refs=entries, changes=(changes, ()), blocks=(0, (named,), [MOVED]))),
    ]
    with CompressedVideo(mux(tmp_path, pictures)) as video:
        field = video.read(motion=range(4), directions='both').motion
        per_frame = video.read(motion=range(4), normalise='per_frame').motion
    assert field.distance == (None, 1, 1, distance)
    assert field.valid[3].all()
    assert (field.vectors[3] == 8).all()
    assert per_frame.valid[3].all() == (distance is not None)
    assert not distance or (per_frame.vectors[3] == np.rint(8 / distance)).all()


@pytest.mark.parametrize('workers', [1, 2])
@pytest.mark.parametrize('name', ['h264, one reference', 'mpeg2'])
def test_batches_have_both_directions(streams, name, workers, monkeypatch):
    monkeypatch.setattr('cmvl_mm.video.segments.SHORTEST', 1)
    how = {'directions': 'both', 'normalise': 'per_frame'}
    with CompressedVideo(streams(name)) as video:
        expected = video.read(motion=range(NUM_FRAMES), **how)
        batches = list(video.iterate(motion=True, batch=7, workers=workers, **how))
    for field in ('motion', 'future'):
        parts = [getattr(batch, field) for batch in batches]
        whole = getattr(expected, field)
        np.testing.assert_array_equal(np.concatenate([part.vectors for part in parts]), whole.vectors)
        np.testing.assert_array_equal(np.concatenate([part.valid for part in parts]), whole.valid)
        assert sum((part.distance for part in parts), ()) == whole.distance


def test_distances_by_types():
    assert [tuple(d) for d in by_types(np.array([1, 3, 3, 2, 3, 2, 2]))] == [
        (None, None), (1, -2), (2, -1), (3, None), (1, -1), (2, None), (1, None),
    ]  # fmt: skip


def test_division_rounds_to_quarter_pixels_and_turns_the_future():
    vectors = np.array([[[[12, -7]]], [[[-9, 4]]], [[[5, 5]]]], np.int16)
    field = MotionField(vectors=vectors, valid=np.ones((3, 1, 1), bool), block=8, distance=(3, -2, None))
    divided = field.per_frame()
    assert divided.vectors[:, 0, 0].tolist() == [[4, -2], [4, -2], [0, 0]]
    assert divided.valid[:, 0, 0].tolist() == [True, True, False]
    assert field.vectors[0, 0, 0].tolist() == [12, -7], 'the field itself stays'


@pytest.mark.parametrize(('setting', 'value'), [('directions', 'future'), ('normalise', 'frame')])
def test_other_names_are_an_error(streams, setting, value):
    with CompressedVideo(streams('mpeg2')) as video:
        for call in (lambda **how: video.read(motion=[1], **how), lambda **how: video.iterate(motion=True, **how)):
            with pytest.raises(SettingError, match=f"{setting} is '{value}'. Give "):
                call(**{setting: value})
