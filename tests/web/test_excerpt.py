"""Excerpts of every kind of file: the right seconds, upright, and errors that name the file."""

import pytest

from cmvl_mm.video import VideoError
from cmvl_mm.web.excerpt import read_excerpt
from cmvl_mm.web.file_cache import FileCache


def test_only_the_seconds_asked_for_also_where_no_key_frame_begins_them(collection):
    shown = list(read_excerpt(str(collection.file(0)), 0.2, 0.4, short_side=48))
    assert [round(one.seconds * 25) for one in shown] == [5, 6, 7, 8, 9]
    assert shown[0].picture.shape == (48, 64, 3)
    with pytest.raises(VideoError, match=r'the video shows no frame from 9\.00 s to 9\.50 s'):
        list(read_excerpt(str(collection.file(0)), 9, 9.5, short_side=48))


def test_rotated_videos_stand_upright_and_every_container_gives_pictures(shared):
    zoo = shared / 'data' / 'codec_zoo'
    sizes = {}
    for name in ('decord_video_0.mov', 'decord_video_90.mov', 'mvextractor_vid_h264.264'):
        sizes[name] = next(read_excerpt(str(zoo / name), 0, 0.3, short_side=120)).picture.shape
    assert sizes['decord_video_0.mov'] == (120, 212, 3)
    assert sizes['decord_video_90.mov'] == (212, 120, 3)  # its header turns it


def test_the_cache_makes_once_and_stays_below_its_size(tmp_path):
    cache = FileCache(tmp_path, max_bytes=250)
    made = []

    def get(key):
        return cache.get(key, lambda path: (made.append(key), path.write_bytes(b'0' * 100)))

    first = get('a')
    get('b')
    assert get('a') == first
    get('c')  # 'b' was used least recently
    assert get('a') == first
    assert made == ['a', 'b', 'c']
    get('b')
    assert made == ['a', 'b', 'c', 'b']
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 200

    def fail(path):
        path.write_bytes(b'half')
        raise VideoError('x.mp4', 'open', 'it is broken')

    with pytest.raises(VideoError):
        cache.get('d', fail)
    assert len(list(tmp_path.iterdir())) == 2
