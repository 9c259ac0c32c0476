"""FFmpeg's verdict on a frame of its own MPEG-4, B-frames too, does not depend on where decoding began."""

import av
import pytest
from cell import Recipe, examine
from damage import damage
from sources import make_sources

from cmvl_mm.video.container import configure, open_video, packets_with_data


@pytest.fixture(scope='module')
def sources(tmp_path_factory):
    return make_sources(tmp_path_factory.mktemp('sources'))


def flags(path, start):
    """pts -> flagged, of a decode that begins with the key packet number `start`."""
    container, stream = open_video(str(path))
    with container:
        packets = list(packets_with_data(container, stream))
        keys = [number for number, packet in enumerate(packets) if packet.is_keyframe]
        configure(stream.codec_context, 'pixels')
        found = {}
        for packet in [*packets[keys[start] :], None]:
            try:
                found |= {frame.pts: frame.is_corrupt for frame in stream.codec_context.decode(packet)}
            except av.FFmpegError:
                continue
        return found, len(keys)


@pytest.mark.parametrize('number', [2, 22, 1202])
def test_a_key_frame_is_as_good_a_start_as_the_first(number, sources, tmp_path):
    recipe = Recipe('mkv', 'bit_flips', 1, number)
    rng = recipe.generator()
    path = recipe.path(tmp_path)
    damage(recipe.kind, sources['mkv'][rng.integers(len(sources['mkv']))], path, rng)
    whole, keys = flags(path, 0)
    assert any(whole.values())
    for start in range(1, keys):
        found, _ = flags(path, start)
        assert found == {pts: whole[pts] for pts in found}, start


def test_a_first_picture_that_a_damaged_header_leaves_without_a_type_is_not_taken_for_whole(sources, tmp_path):
    """Only decoders that never name types have the container's word taken."""
    outcome = examine(Recipe('mpeg4_raw', 'header', 3, 146), sources, tmp_path)
    assert outcome.refused
    assert outcome.broken == ()
