"""Frames of a video that is read once are those of random access, and no decoder is fed what nothing wanted needs."""

from fractions import Fraction

import numpy as np
import pytest
from video_files import damage, encode_clip, remux

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.display import UPRIGHT
from cmvl_mm.video.once import Timeline, read_once
from cmvl_mm.video.reader import StreamReader

NUM_FRAMES = 40
PYRAMIDS = {
    'strict': 'keyint=20:bframes=7:b-adapt=0:b-pyramid=strict',
    'normal': 'keyint=20:bframes=7:b-adapt=0:b-pyramid=normal:ref=4',
    'none': 'keyint=250:bframes=5:b-adapt=0:b-pyramid=none',
}


def read(path, wanted):
    """What comes: index -> pixels, in the order in which it comes; and the timelines that were shown to `choose`."""
    came: dict[int, np.ndarray] = {}
    asked: list[Timeline] = []

    def choose(timeline):
        asked.append(timeline)
        came.clear()
        return [number for number in wanted if number < timeline.num_frames]

    def use(number, pixels, orientation):
        assert orientation == UPRIGHT
        came[number] = pixels.copy()

    timeline = read_once(str(path), choose, use)
    assert timeline is asked[-1] or np.array_equal(timeline.edges, asked[-1].edges)
    return came, asked


def check(path, wanted):
    came, asked = read(path, wanted)
    with CompressedVideo(path) as video:
        assert asked[-1].num_frames == video.num_frames
        numbers = sorted({number for number in wanted if number < video.num_frames})
        assert list(came) == numbers
        np.testing.assert_array_equal(np.stack(list(came.values())), video.read(rgb=numbers).rgb)
    return asked


@pytest.mark.parametrize('wanted', [range(40), [33, 1, 17, 17], [39]], ids=['all', 'some', 'last'])
def test_every_format_gives_the_pixels_of_random_access(variant, wanted):
    asked = check(variant[0], wanted)
    np.testing.assert_allclose(asked[-1].edges, np.arange(41) / 25, atol=1e-3)


@pytest.mark.parametrize('pyramid', PYRAMIDS)
def test_pictures_that_none_is_predicted_from_are_not_decoded(tmp_path, pyramid, monkeypatch):
    pan = make_pan(displacement=(3, -2), num_frames=NUM_FRAMES, height=80, width=96, seed=0).frames
    path = encode_clip(tmp_path / 'clip.mp4', pan, 'libx264', {'x264-params': f'{PYRAMIDS[pyramid]}:threads=1'})
    fed = []
    packets_from = StreamReader._packets_from
    monkeypatch.setattr(
        StreamReader, '_packets_from', lambda *words: (fed.append(packet) or packet for packet in packets_from(*words))
    )
    rng = np.random.default_rng(0)
    for count in (1, 3, 9, 30):
        check(path, rng.integers(0, NUM_FRAMES, count).tolist())
    fed.clear()
    read(path, [NUM_FRAMES - 1])
    few = len(fed)
    fed.clear()
    read(path, range(NUM_FRAMES))
    assert len(fed) == NUM_FRAMES
    assert few <= NUM_FRAMES // 2


def test_frames_that_packets_do_not_foretell_are_chosen_anew(clips, tmp_path):
    """An edit list hides the first five frames: 40 packets, 35 frames."""

    def five_earlier(number, packet):
        packet.pts, packet.dts = packet.pts - 5 * packet.duration, packet.dts - 5 * packet.duration
        return [packet]

    path = remux(
        clips('mpeg4_b'), tmp_path / 'edited.mp4', five_earlier, container_options={'avoid_negative_ts': 'disabled'}
    )
    asked = check(path, [2, 20, 34, 39])
    assert [timeline.num_frames for timeline in asked] == [40, 35]

    def refuse_more_than_there_are(timeline):
        if timeline.num_frames != 35:
            raise ValueError('not these')
        return [34]

    came = []
    read_once(str(path), refuse_more_than_there_are, lambda number, *_: came.append(number))
    assert came == [34]


def test_what_choose_refuses_is_refused(clips):
    def refuse(timeline):
        raise ValueError(f'{timeline.num_frames} frames')

    for name in ('mpeg4_b', 'h264_b', 'hevc_b'):
        with pytest.raises(ValueError, match='40 frames'):
            read_once(str(clips(name)), refuse, lambda *_: None)


def outcome(path, wanted):
    """Pixels and error, one of them None, of `read_once` and of random access."""
    try:
        ours = np.stack(list(read(path, wanted)[0].values())), None
    except VideoError as error:
        ours = None, str(error)
    try:
        with CompressedVideo(path) as video:
            theirs = video.read(rgb=[number for number in wanted if number < video.num_frames]).rgb, None
    except VideoError as error:
        theirs = None, str(error)
    return ours, theirs


@pytest.mark.parametrize(
    ('name', 'frame'), [('h264_b', 16), ('h264_b', 17), ('h264_b_ts', 14), ('h264_b_ts', 20), ('mpeg4_b', 18)]
)
def test_damage_is_refused_where_random_access_refuses_it_or_touches_nothing_wanted(clips, tmp_path, name, frame):
    source = clips(name)
    path = damage(source, tmp_path / source.name, frame=frame)
    refused = 0
    for wanted in (range(NUM_FRAMES), *([number] for number in range(10, 26))):
        ours, theirs = outcome(path, wanted)
        refused += ours[1] is not None
        if theirs[1] is None or ours[1] is not None:
            assert ours[1] == theirs[1]
            np.testing.assert_array_equal(ours[0], theirs[0])
        else:  # damage to a picture that was spared: the pixels are those of the file before
            np.testing.assert_array_equal(ours[0], outcome(source, wanted)[1][0])
    assert refused


def test_times_are_the_streams(tmp_path):
    pan = make_pan(displacement=(1, 1), num_frames=4, height=64, width=80).frames
    stamps = [7, 9, 20, 23]
    path = encode_clip(tmp_path / 'slow.mkv', pan, 'libx264', {'bf': '0'}, stamps=stamps, time_base=Fraction(1, 10))
    _, asked = read(path, [0])
    np.testing.assert_allclose(asked[-1].edges, [0, 0.2, 1.3, 1.6, 1.9], atol=1e-3)


def test_a_picture_to_be_shown_turned_says_so(clips, tmp_path):
    path = remux(clips('h264'), tmp_path / 'turned.mp4', prepare=lambda copy: copy.set_display_rotation(90))
    shown = []
    read_once(str(path), lambda timeline: [3], lambda number, pixels, how: shown.append((pixels.shape, how)))
    assert shown[0][0] == (84, 116, 3)
    assert shown[0][1].transposed
    tilted = remux(clips('h264'), tmp_path / 'tilted.mp4', prepare=lambda copy: copy.set_display_rotation(30))
    with pytest.raises(VideoError, match='Turn the picture upright'):
        read_once(str(tilted), lambda timeline: [3], lambda *_: None)
