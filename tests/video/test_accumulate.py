"""Accumulated motion against a pixel-by-pixel loop, and against motion that is known."""

import numpy as np
import pytest
from video_files import encode_clip

from cmvl_mm.bitstream.claims import I_FRAME
from cmvl_mm.controlled.synthetic import make_moving_object, make_pan
from cmvl_mm.video import CompressedVideo, FrameIndexError, MotionField, VideoError
from cmvl_mm.video.accumulate import accumulate
from cmvl_mm.video.accumulate_reader import read_accumulated, read_accumulated_residual
from cmvl_mm.video.encode import write_video


def accumulate_naively(motion, height, width, over):
    """CoViAR's rule, one pixel after the other: (n, H, W, 2) and (n, H, W)."""
    count = len(motion.valid)
    vectors, valid = np.zeros((count, height, width, 2), int), np.zeros((count, height, width), bool)
    for last in range(count):
        begins = [n for n in range(last + 1) if motion.missing[n] == I_FRAME]
        if over is None:
            first, known = (begins[-1] + 1, True) if begins else (0, False)
        else:
            first, known = max(last - over + 1, 0), last - over >= 0
        for y in range(height):
            for x in range(width):
                at_y, at_x, sound = y, x, known
                for frame in range(last, first - 1, -1):
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
    return vectors, valid


@pytest.mark.parametrize('over', [None, 1, 3])
@pytest.mark.parametrize('block', [4, 16])
def test_it_equals_a_loop_over_pixels(over, block):
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
    found = accumulate(field, height=height, width=width, over=over)
    vectors, valid = accumulate_naively(field, height, width, over)
    np.testing.assert_array_equal(found.vectors, vectors)
    np.testing.assert_array_equal(found.valid, valid)
    assert 0.05 < valid.mean() < 0.95


def test_a_pan_adds_up_since_the_i_frame_and_over_some_frames(tmp_path):
    write_video(make_pan(displacement=(3, -2), num_frames=20, height=96, width=160).frames, tmp_path / 'pan.mp4')
    with CompressedVideo(tmp_path / 'pan.mp4', block=16) as video:
        frames = [15, 0, 5, 11, 5]
        since = read_accumulated(video, frames)
        over = read_accumulated(video, frames, over=4)
        assert read_accumulated(video, []).vectors.shape == (0, 96, 160, 2)
        with pytest.raises(FrameIndexError, match='frame 20 of a video of 20'):
            read_accumulated(video, [3, 20])
        with pytest.raises(ValueError, match='over=0'):
            read_accumulated(video, [3], over=0)
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


def test_still_content_has_no_displacement_and_b_frames_are_refused(tmp_path):
    scene = make_moving_object(displacement=(4, 0), num_frames=8, height=96, width=160)
    write_video(scene.frames, tmp_path / 'object.mp4')
    with CompressedVideo(tmp_path / 'object.mp4', block=16) as video:
        found = read_accumulated(video, [5])
    assert not found.vectors[0, :16].any()
    assert found.valid[0, :16].all()
    encode_clip(tmp_path / 'b.mp4', scene.frames, 'mpeg4', {'bf': '2'})
    with CompressedVideo(tmp_path / 'b.mp4') as video, pytest.raises(VideoError, match='it has B-frames'):
        read_accumulated(video, [5])
