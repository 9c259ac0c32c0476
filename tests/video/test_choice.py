"""Which stream of a file is the video."""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition
from click.testing import CliRunner
from PIL import Image

from cmvl_mm.cli.main import main
from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.describe import describe


def write(path, codecs, *, silent=(), attached=(), audio=False):
    """A file with these video streams, 10 frames each; the level of grey tells them apart."""
    with av.open(str(path), 'w') as sink:
        streams = []
        for number, codec in enumerate(codecs):
            stream = sink.add_stream(codec, rate=25)
            stream.width, stream.height = 64 + 16 * number, 48
            stream.pix_fmt = 'yuvj420p' if codec == 'mjpeg' else 'yuv420p'
            if number in attached:
                stream.disposition = Disposition.attached_pic
            streams.append(stream)
        if audio:
            sound = sink.add_stream('aac', rate=16000)
        for number, stream in enumerate(streams):
            for count in range(0 if number in silent else 1 if number in attached else 10):
                level = np.full((stream.height, stream.width, 3), 40 + 60 * number + count, np.uint8)
                frame = av.VideoFrame.from_ndarray(level, format='rgb24')
                frame.pts, frame.time_base = count, Fraction(1, 25)
                sink.mux(stream.encode(frame))
            if number not in silent:
                sink.mux(stream.encode())
        if audio:
            noise = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format='fltp', layout='mono')
            noise.sample_rate, noise.pts = 16000, 0
            sink.mux(sound.encode(noise))
            sink.mux(sound.encode())
    return path


def width_and_count(path):
    with CompressedVideo(path) as video:
        video.verify()
        return video.width, video.num_frames, int(video.read(rgb=[0]).rgb.mean() // 60)


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.mov', '.ts', '.avi'])
def test_the_first_stream_that_plays_is_the_video(tmp_path, suffix):
    """One that announces itself and sends nothing is not."""
    assert width_and_count(write(tmp_path / f'two{suffix}', ['mpeg4', 'mpeg4'])) == (64, 10, 0)
    assert width_and_count(write(tmp_path / f'silent{suffix}', ['mpeg4', 'mpeg4'], silent=[0])) == (80, 10, 1)


def test_the_other_tracks_are_told(tmp_path):
    """Readers differ in which one they take, so nobody should have to guess; a cover is none of them."""
    two = write(tmp_path / 'two.mkv', ['mpeg4', 'mpeg4'])
    covered = write(tmp_path / 'covered.mp4', ['mjpeg', 'mpeg4'], attached=[0])
    with CompressedVideo(two) as video:
        assert 'the first of 2 video tracks' in repr(video.metadata)
    assert [describe(path).tracks for path in (two, covered)] == [2, 1]
    sheets = [CliRunner().invoke(main, ['info', str(path)]).output for path in (two, covered)]
    assert ['2 video tracks, of which the first is read' in sheet for sheet in sheets] == [True, False]


def test_the_still_of_an_animated_avif_is_not_the_video(tmp_path):
    """FFmpeg gives it first, and as a default stream."""
    pictures = [Image.fromarray(np.full((48, 64, 3), 30 * number, np.uint8)) for number in range(8)]
    pictures[0].save(tmp_path / 'animated.avif', save_all=True, append_images=pictures[1:], duration=40)
    pictures[0].save(tmp_path / 'still.avif')
    with CompressedVideo(tmp_path / 'animated.avif') as video:
        levels = video.read(rgb=range(8)).rgb.mean((1, 2, 3))
        assert len(video) == 8
    np.testing.assert_allclose(levels, 30 * np.arange(8), atol=4)
    assert width_and_count(tmp_path / 'still.avif') == (64, 1, 0)


def test_cover_art_is_not_the_video(tmp_path):
    path = write(tmp_path / 'cover.mp4', ['mjpeg', 'mpeg4'], attached=[0])
    with av.open(str(path)) as container:
        assert any(stream.disposition & Disposition.attached_pic for stream in container.streams.video)
    assert width_and_count(path) == (80, 10, 1)


@pytest.mark.parametrize(('codecs', 'reason'), [(['mjpeg'], 'cover art'), ([], 'no video stream')])
def test_music_holds_no_video(tmp_path, codecs, reason):
    path = write(tmp_path / 'music.mp4', codecs, attached=[0], audio=True)
    with pytest.raises(VideoError, match=reason) as caught:
        CompressedVideo(path)
    assert caught.value.stage == 'open'


def test_a_container_that_is_not_accepted_is_named_as_the_reason(tmp_path):
    path = tmp_path / 'sound.wav'
    with av.open(str(path), 'w') as sink:
        stream = sink.add_stream('pcm_s16le', rate=16000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), format='s16', layout='mono')
        sound.sample_rate = 16000
        sink.mux(stream.encode(sound))
    with pytest.raises(VideoError, match='container') as caught:
        CompressedVideo(path)
    assert 'Remux' in caught.value.remedy
