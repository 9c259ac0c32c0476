"""Accumulated motion against a pixel-by-pixel loop, and against motion that is known."""

import numpy as np
import pytest
from h264_writer import MOVED, SIZE, mux, picture
from video_files import encode_clip

from cmvl_mm.bitstream.claims import I_FRAME, NO_REFERENCE
from cmvl_mm.controlled.synthetic import make_moving_object, make_pan
from cmvl_mm.video import CompressedVideo, FrameIndexError, MotionField, SettingError, VideoError
from cmvl_mm.video.accumulate import accumulate
from cmvl_mm.video.accumulate_reader import read_accumulated, read_accumulated_residual
from cmvl_mm.video.encode import write_video
from cmvl_mm.video.past import frames_before

X264 = 'keyint=12:bframes=3:b-adapt=0:scenecut=0:weightp=0:subme=0'  # vectors of whole pixels
MPEG = {'bf': '2', 'g': '12', 'qmin': '2', 'qmax': '2', 'sc_threshold': '1000000000'}


def accumulate_naively(motion, height, width, over, before=None):
    """CoViAR's rule from frame to frame, one pixel after the other: (n, H, W, 2), (n, H, W), and n frames."""
    count = len(motion.valid)
    vectors, valid = np.zeros((count, height, width, 2), int), np.zeros((count, height, width), bool)
    since = []
    for last in range(count):
        frames, at = [], last
        while at >= 0 and (motion.missing[at] != I_FRAME if over is None else at > last - over):
            frames.append(at)
            at = at - 1 if before is None else before[at]
        since.append(max(at, -1))
        for y in range(height):
            for x in range(width):
                at_y, at_x, sound = y, x, at >= 0
                for frame in frames:
                    cell = frame, at_y // motion.block, at_x // motion.block
                    if not motion.valid[cell]:
                        sound = False
                        continue
                    dx, dy = (int(part / 4) for part in motion.vectors[cell].tolist())
                    if 0 <= at_y - dy < height and 0 <= at_x - dx < width:
                        at_y, at_x = at_y - dy, at_x - dx
                    else:
                        sound = False
                vectors[last, y, x], valid[last, y, x] = (x - at_x, y - at_y), sound
    return vectors, valid, since


@pytest.mark.parametrize('over', [None, 1, 3])
@pytest.mark.parametrize(('block', 'before'), [(4, None), (16, None), (4, [-1, 0, 0, 2, 2, 1, 2, -1, 6])])
def test_it_equals_a_loop_over_pixels(over, block, before):
    rng = np.random.default_rng(0)
    height, width = 30, 41  # no multiples of either block
    grid = 9, -(-height // block), -(-width // block)
    field = MotionField(
        rng.integers(-40, 40, (*grid, 2), np.int16),  # quarter pixels: some leave the frame
        rng.random(grid) < 0.85,
        block,
        (None, I_FRAME, None, None, None, 'another reason', None, None, None),
    )
    field.valid[1] = field.valid[5] = False
    found = accumulate(field, height=height, width=width, over=over, before=before)
    vectors, valid, since = accumulate_naively(field, height, width, over, before)
    np.testing.assert_array_equal(found.vectors, vectors)
    np.testing.assert_array_equal(found.valid, valid)
    assert found.since.tolist() == since
    assert [reason is None for reason in found.missing] == valid.any(axis=(1, 2)).tolist()
    assert 0.05 < valid.mean() < 0.95


def test_a_pan_adds_up_since_the_i_frame_and_over_some_frames(tmp_path):
    write_video(make_pan(displacement=(3, -2), num_frames=20, height=96, width=160).frames, tmp_path / 'pan.mp4')
    with CompressedVideo(tmp_path / 'pan.mp4', block=16) as video:
        frames = [15, 0, 5, 11, 5]
        since = read_accumulated(video, frames)
        over = read_accumulated(video, frames, over=4)
        assert read_accumulated(video, []).vectors.shape == (0, 96, 160, 2)
        with pytest.raises(FrameIndexError, match='frame 20 is outside the video of 20 frames'):
            read_accumulated(video, [3, 20])
        for value in (0, 1.5):
            with pytest.raises(SettingError, match=f'pan.mp4: motion: over is {value}. Give '):
                read_accumulated(video, [3], over=value)
    for row, steps in enumerate((3, 0, 5, 11, 5)):  # frame 12 is an I-frame
        known = since.vectors[row][since.valid[row]]
        assert len(known) > 96 * 160 / 3
        np.testing.assert_array_equal(np.median(known, axis=0), (3 * steps, -2 * steps))
    assert [bool(valid.any()) for valid in over.valid] == [False, False, True, True, True]  # 15 - 4 < 12
    np.testing.assert_array_equal(np.median(over.vectors[2][over.valid[2]], axis=0), (12, -8))
    np.testing.assert_array_equal(since.vectors[2], since.vectors[4])


def test_the_accumulated_residual_equals_a_loop_over_pixels(tmp_path):
    write_video(make_pan(displacement=(3, -2), num_frames=16, height=48, width=64).frames, tmp_path / 'pan.mp4')
    frames = [14, 0, 12, 5, 14]
    with CompressedVideo(tmp_path / 'pan.mp4', block=16) as video:
        rgb = video.read(rgb=range(16))[0].astype(int)
        for over, references in ((None, [12, 0, 12, 0, 12]), (2, [12, -1, 10, 3, 12])):
            found = read_accumulated_residual(video, frames, over=over)
            np.testing.assert_array_equal(found.motion.since, references)
            for row, (number, reference) in enumerate(zip(frames, references, strict=True)):
                if reference < 0:
                    assert not found.rgb[row].any()
                    continue
                for y, x in np.ndindex(48, 64):
                    dx, dy = found.motion.vectors[row, y, x]
                    expected = rgb[number, y, x] - rgb[reference, y - dy, x - dx]
                    assert (found.rgb[row, y, x] == expected).all()
    valid = found.motion.valid[3]
    assert np.abs(found.rgb[3][valid]).mean() < np.abs(rgb[5] - rgb[3]).mean() / 4  # it follows the pan


def test_still_content_has_no_displacement(tmp_path):
    scene = make_moving_object(displacement=(4, 0), num_frames=8, height=96, width=160)
    write_video(scene.frames, tmp_path / 'object.mp4')
    with CompressedVideo(tmp_path / 'object.mp4', block=16) as video:
        found = read_accumulated(video, [5])
    assert not found.vectors[0, :16].any()
    assert found.valid[0, :16].all()


B_STREAMS = {
    'h264': ('.mp4', 'libx264', {'x264-params': f'{X264}:ref=1'}),
    'h264, open GOP': ('.mkv', 'libx264', {'x264-params': f'{X264}:ref=1:open-gop=1'}),
    'h264 in ts': ('.ts', 'libx264', {'x264-params': f'{X264}:ref=1'}),
    'mpeg4': ('.mp4', 'mpeg4', MPEG),
    'mpeg2': ('.mpg', 'mpeg2video', MPEG),
}


@pytest.mark.parametrize('name', B_STREAMS)
def test_b_frames_are_traced_through_the_pictures_that_they_refer_to(tmp_path, name):
    """A pan of (3, -2) px a frame is as much in every frame, times the frames since the one that it counts from."""
    suffix, codec, options = B_STREAMS[name]
    pan = make_pan(displacement=(3, -2), num_frames=20, height=48, width=80)
    path = encode_clip(tmp_path / f'b{suffix}', pan.frames, codec, options)
    with CompressedVideo(path) as video:
        types = video.frame_types
        since, over = read_accumulated(video, range(20)), read_accumulated(video, range(20), over=3)
        alone = read_accumulated(video, [18, 2])
        field = video.read(motion=range(20), directions='both').motion
        residual = read_accumulated_residual(video, range(20))
        rgb = video.read(rgb=range(20)).rgb.astype(int)
    assert 'BBP' in types
    key = 0
    for row, kind in enumerate(types):
        key = row if kind == 'I' else key
        moved = since.vectors[row][since.valid[row]]
        assert since.missing[row] is None
        assert (since.since[row] == key) or (kind == 'B' and 'open' in name), row  # that follows the key frame
        assert len(moved) > 48 * 80 / 10, (row, kind)
        np.testing.assert_array_equal(np.median(moved, axis=0), np.multiply((3, -2), row - since.since[row]))
        if over.missing[row] is None:
            assert row - 3 - 4 < over.since[row] <= row - 3  # a P-frame refers four frames back, at most
            expected = np.multiply((3, -2), row - over.since[row])
            np.testing.assert_array_equal(np.median(over.vectors[row][over.valid[row]], axis=0), expected)
        reference = rgb[since.since[row]]
        difference = np.abs(residual.rgb[row])[since.valid[row]].mean()
        assert row == since.since[row] or difference < np.abs(rgb[row] - reference).mean() / 3
    np.testing.assert_array_equal(alone.vectors, since.vectors[[18, 2]])
    np.testing.assert_array_equal(alone.valid, since.valid[[18, 2]])
    # B-frames are the only ones whose distance is not that of the row before in display
    before = [-1 if distance is None else row - distance for row, distance in enumerate(field.distance)]
    vectors, valid, _ = accumulate_naively(field, 48, 80, None, before)
    np.testing.assert_array_equal(since.vectors, vectors)
    np.testing.assert_array_equal(since.valid, valid)


def test_nothing_is_traced_through_a_frame_of_several_references(tmp_path):
    """Blocks of frame 3 name one of two pictures; frame 4 is predicted from frame 3, and frame 5 from frame 2 alone."""
    whole = 0, (0,), [MOVED]
    pictures = [
        (0, picture('I', 0, 0, luma=np.random.default_rng(0).integers(16, 235, (SIZE, SIZE)), idr=True)),
        (1, picture('P', 1, 2, blocks=whole)),
        (2, picture('P', 2, 4, blocks=whole)),
        (3, picture('P', 3, 6, refs=2, blocks=(0, (1,), [MOVED]))),
        (4, picture('P', 4, 8, blocks=whole)),
        (5, picture('P', 5, 10, changes=([(0, 2)], ()), blocks=whole)),
    ]
    with CompressedVideo(mux(tmp_path, pictures)) as video:
        assert video.read(motion=range(6), directions='both').motion.distance == (None, 1, 1, None, 1, 3)
        found = read_accumulated(video, range(6))
        assert found.missing == (None, None, None, NO_REFERENCE, NO_REFERENCE, None)
        assert found.valid.any(axis=(1, 2)).tolist() == [True, True, True, False, False, True]
        assert found.since.tolist() == [0] * 6
        for row, moved in ((0, 0), (1, 2), (2, 4), (5, 6)):
            assert (found.vectors[row][found.valid[row]] == moved).all(), row
        over = read_accumulated(video, [5, 2, 4], over=2)
        assert over.since.tolist() == [2, 0, 2]
        assert over.missing == (None, None, NO_REFERENCE)
        assert (over.vectors[0][over.valid[0]] == 2).all()


def test_a_stream_whose_references_nothing_tells_is_refused(tmp_path):
    pan = make_pan(displacement=(3, -2), num_frames=8, height=48, width=80)
    path = encode_clip(tmp_path / 'a.avi', pan.frames, 'snow', {})
    with (
        CompressedVideo(path) as video,
        pytest.raises(VideoError, match='the frames that the vectors of this snow stream refer to are unknown'),
    ):
        read_accumulated(video, [5])


def test_an_i_frame_refers_to_no_frame(tmp_path):
    write_video(make_pan(displacement=(1, 0), num_frames=26, height=48, width=64).frames, tmp_path / 'pan.mp4')
    with CompressedVideo(tmp_path / 'pan.mp4') as video:
        before = frames_before(video._decoder, video._facts, sure=True)
    assert before.tolist() == [-1 if number in (0, 12, 24) else number - 1 for number in range(26)]
