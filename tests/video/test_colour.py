"""Pictures are read and prepared by the matrix and range that their file states, whoever in the file states it."""

from fractions import Fraction
from itertools import product
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.format import VideoFormat
from video_files import remux

from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.colour import Colour, Tags, resolve
from cmvl_mm.video.colour_reader import ColourReader
from cmvl_mm.video.encode import Profile, reencode

PATCHES = np.array([(200, 40, 40), (40, 200, 60), (60, 80, 200), (220, 180, 60)])
WEIGHTS = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
LIMITED, FULL, UNSPECIFIED = 1, 2, 2
LOSSLESS = {
    'libx264': {'qp': '0'},
    'libx264rgb': {'qp': '0'},
    'libx265': {'x265-params': 'lossless=1:log-level=none:pools=none:frame-threads=1'},
    'libvpx-vp9': {'lossless': '1', 'cpu-used': '8'},
    'ffv1': {},
}


def coded(matrix: int, full: bool) -> np.ndarray:
    """(4, 3) codes of the patches: ITU-T H.273, 8.3."""
    r, g, b = (PATCHES / 255).T
    if matrix == 8:
        planes = (g / 2 + (r + b) / 4, g / 2 - (r + b) / 4, (r - b) / 2)
    else:
        kr, kb = WEIGHTS[matrix]
        y = kr * r + (1 - kr - kb) * g + kb * b
        planes = (y, (b - y) / (2 * (1 - kb)), (r - y) / (2 * (1 - kr)))
    luma, chroma, low = (255, 255, 0) if full else (219, 224, 16)
    return np.stack([luma * planes[0] + low, chroma * planes[1] + 128, chroma * planes[2] + 128], 1).round()


def frame_of(codes: np.ndarray, pixel_format: str = 'yuv444p') -> av.VideoFrame:
    """64x128: four columns, one a row of (4, planes) codes; deep formats get them shifted up."""
    frame = av.VideoFrame(128, 64, pixel_format)
    bits = frame.format.components[0].bits
    for plane, values in zip(frame.planes, codes.T, strict=False):
        sample = np.dtype('<u2' if bits > 8 else np.uint8)
        rows = np.zeros((plane.height, plane.line_size // sample.itemsize), sample)
        rows[:, : plane.width] = np.repeat(values, plane.width // 4).astype(sample) << (bits - 8)
        plane.update(rows.tobytes())
    return frame


def write(path: Path, frame: av.VideoFrame, codec: str, stream_tags: Tags, container: Tags | None = None) -> Path:
    """Three such frames; the container states other colours than the stream where asked to."""
    with av.open(str(path), 'w') as sink:
        stream = sink.add_stream(codec, rate=25, options=LOSSLESS[codec])
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, frame.format.name
        context = stream.codec_context
        context.thread_count = 1
        context.colorspace, context.color_range, context.color_primaries, context.color_trc = stream_tags
        context.open()
        if container is not None:
            context.colorspace, context.color_range, context.color_primaries, context.color_trc = container
        frame.colorspace, frame.color_range = stream_tags.matrix, stream_tags.range
        for number in range(3):
            frame.pts, frame.time_base = number, Fraction(1, 25)
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode())
    return path


def seen(path: Path) -> tuple[np.ndarray, Colour]:
    """(4, 3) RGB of the patches, and the record."""
    with CompressedVideo(path) as video:
        return video.read(rgb=[1]).rgb[0][32, 16::32].astype(int), video.colour


def check(path: Path, expected: np.ndarray, *, within: int = 2) -> Colour:
    """Read and prepared, the patches are these."""
    found, colour = seen(path)
    assert np.abs(found - expected).max() <= within, found
    reencode(path, path.with_suffix('.out.mp4'), profile=Profile(quantiser=1))
    prepared, _ = seen(path.with_suffix('.out.mp4'))
    assert np.abs(prepared - found).max() <= 5, prepared
    return colour


@pytest.mark.parametrize('matrix', sorted(WEIGHTS))
@pytest.mark.parametrize('levels', [LIMITED, FULL])
def test_what_the_stream_states_counts(tmp_path, matrix, levels):
    frame = frame_of(coded(matrix, levels == FULL))
    path = write(tmp_path / 'a.mkv', frame, 'libx264', Tags(matrix, levels))
    colour = check(path, PATCHES)
    names = {1: 'bt709', 6: 'bt601', 7: 'smpte240m', 9: 'bt2020-ncl'}
    assert colour == Colour(names[matrix], 'full' if levels == FULL else 'limited', 'stream', 'stream')


ONLY_THE_CONTAINER = Tags(), Tags(1, LIMITED, 1, 1), Colour('bt709', 'limited', 'container', 'stream')
SAYS_LIMITED = Tags(), Tags(1, FULL, 1, 1), Colour('bt709', 'full', 'container', 'container')  # a decoder, of silence
BOTH = Tags(6, LIMITED), Tags(1, FULL, 1, 1), Colour('bt601', 'limited', 'stream', 'stream')


@pytest.mark.parametrize(
    ('codec', 'name', 'case'),
    [
        ('libx265', 'a.mp4', ONLY_THE_CONTAINER),
        ('libx265', 'a.mkv', ONLY_THE_CONTAINER),
        ('libvpx-vp9', 'a.webm', ONLY_THE_CONTAINER),
        ('libvpx-vp9', 'a.mp4', ONLY_THE_CONTAINER),
        ('libx265', 'a.mp4', SAYS_LIMITED),
        ('libx264', 'a.mkv', BOTH),
    ],
)
def test_what_the_container_states_counts_where_the_stream_is_silent(tmp_path, codec, name, case):
    stream, container, expected = case
    codes = coded(1 if expected.matrix == 'bt709' else 6, expected.range == 'full')
    path = write(tmp_path / name, frame_of(codes), codec, stream, container)
    with av.open(str(path)) as file:
        assert next(file.decode(video=0)).colorspace == stream.matrix
    assert check(path, PATCHES) == expected


@pytest.mark.parametrize(('codec', 'name'), [('libx264', 'a.mp4'), ('libx265', 'a.mkv'), ('ffv1', 'a.mkv')])
def test_silence_is_taken_for_bt601_of_limited_range(tmp_path, codec, name):
    path = write(tmp_path / name, frame_of(coded(6, False)), codec, Tags())
    colour = check(path, PATCHES)
    assert (colour.matrix, colour.matrix_from, colour.range) == ('bt601', 'assumed', 'limited')
    assert colour.range_from == ('stream' if codec == 'libx265' else 'assumed')  # HEVC's decoder always names one


@pytest.mark.parametrize('pixel_format', ['yuv420p', 'yuv422p', 'yuv444p', 'yuv420p10le', 'yuv444p10le'])
@pytest.mark.parametrize('levels', [LIMITED, FULL])
def test_ycgco_is_converted_by_its_formula(tmp_path, pixel_format, levels):
    """Whatever the subsampling and depth. swscale refuses it."""
    codes = coded(8, levels == FULL)
    path = write(tmp_path / 'a.mkv', frame_of(codes, pixel_format), 'libx264', Tags(8, levels))
    # Chroma of 4:2:0 is smoothed between the patches, not in their middle. Codes that are shifted up are a little less
    # than full range.
    colour = check(path, PATCHES, within=3)
    assert (colour.matrix, colour.matrix_from) == ('ycgco', 'stream')


def test_chroma_derived_matrices_follow_the_primaries(tmp_path):
    path = write(tmp_path / 'a.mkv', frame_of(coded(1, False)), 'libx264', Tags(12, LIMITED, 1, 1))
    assert check(path, PATCHES).matrix == 'chroma-derived-ncl'
    path = write(tmp_path / 'b.mkv', frame_of(coded(6, False)), 'libx264', Tags(12, LIMITED))
    assert check(path, PATCHES) == Colour('bt601', 'limited', 'assumed', 'stream')  # nobody states primaries


def test_a_matrix_without_a_formula_is_refused_by_name(tmp_path):
    source = write(tmp_path / 'a.mp4', frame_of(coded(6, False)), 'libx264', Tags(6, LIMITED))
    path = remux(source, tmp_path / 'b.mp4', bit_filter='h264_metadata=matrix_coefficients=15')
    with (
        CompressedVideo(path) as video,
        pytest.raises(VideoError, match=r'the colour matrix .* is not supported') as caught,
    ):
        video.read(rgb=[0])
    assert caught.value.stage == 'decode'
    assert 'Convert the video to BT.709' in caught.value.remedy
    with pytest.raises(VideoError, match='the colour matrix ipt-c2 is not supported'):
        reencode(path, tmp_path / 'out.mp4', profile=Profile(quantiser=1))


@pytest.mark.parametrize(
    ('codec', 'pixel_format', 'levels'),
    [
        *product(['ffv1'], ['gray', 'gray10le'], [LIMITED, FULL, 0]),
        *product(['libx265'], ['gray'], [LIMITED, 0]),  # FFmpeg refuses what libx265 writes of full range
    ],
)
def test_grey_has_a_range_too(tmp_path, codec, pixel_format, levels):
    grey = np.array([0, 50, 150, 255])
    full = levels == FULL or (levels == 0 and codec == 'ffv1')  # HEVC says limited where nothing is said
    codes = grey if full else (16 + 219 * grey / 255).round()
    path = write(tmp_path / 'a.mkv', frame_of(codes[:, None], pixel_format), codec, Tags(UNSPECIFIED, levels))
    expected = np.repeat(grey[:, None], 3, axis=1)
    colour = check(path, expected, within=1)
    assert colour.matrix == 'grey'
    assert colour.range == ('full' if full else 'limited')


@pytest.mark.parametrize(('codec', 'pixel_format'), [('libx264rgb', 'rgb24'), ('libvpx-vp9', 'gbrp'), ('ffv1', 'bgr0')])
def test_rgb_has_neither(tmp_path, codec, pixel_format):
    picture = np.repeat(np.repeat(PATCHES[None].astype(np.uint8), 64, 0), 32, 1)
    frame = av.VideoFrame.from_ndarray(picture, format='rgb24').reformat(format=pixel_format)
    path = write(tmp_path / 'a.mkv', frame, codec, Tags(0, LIMITED))
    assert check(path, PATCHES, within=0) == Colour('rgb', 'full', 'stream', 'stream')


@pytest.mark.parametrize('pixel_format', ['yuv420p', 'yuv420p10le', 'yuv422p10le', 'yuv444p12le', 'yuv411p', 'yuv440p'])
@pytest.mark.parametrize('size', [(128, 64), (127, 63)])
def test_values_are_those_of_ffmpegs_own_rgb(tmp_path, pixel_format, size):
    """Bit for bit, also where swscale leaves them dark: other readers give the same."""
    greys = np.linspace(0, 255, size[0]).round().astype(np.uint8)
    picture = np.broadcast_to(np.stack([greys, greys[::-1], greys], 1), (size[1], size[0], 3))
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format='rgb24').reformat(format=pixel_format)
    path = write(tmp_path / 'a.mkv', frame, 'ffv1', Tags())
    with av.open(str(path)) as source, CompressedVideo(path) as video:
        expected = [frame.to_ndarray(format='rgb24') for frame in source.decode(video=0)]
        np.testing.assert_array_equal(video.read(rgb=range(video.num_frames)).rgb, expected)


def flagged(frame: av.VideoFrame) -> av.VideoFrame:
    """The same samples, said to be two fields."""
    graph = av.filter.Graph()
    start = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25))
    field, end = graph.add('setfield', 'tff'), graph.add('buffersink')
    start.link_to(field)
    field.link_to(end)
    graph.configure()
    start.push(frame)
    return end.pull()


@pytest.mark.parametrize(
    ('height', 'pixel_format'), [(48, 'yuv420p'), (50, 'yuv420p'), (45, 'yuv420p'), (50, 'yuv422p')]
)
def test_a_flag_of_interlacing_changes_no_pixel(height, pixel_format):
    noise = np.random.default_rng(0)
    plain = av.VideoFrame(64, height, pixel_format)
    for plane in plain.planes:
        plane.update(noise.integers(40, 200, plane.buffer_size, dtype=np.uint8).tobytes())
    interlaced = flagged(plain)
    assert interlaced.interlaced_frame
    expected = plain.to_ndarray(format='rgb24')
    reader = ColourReader('a.mkv', Tags(), 'ffv1')
    for _ in range(2):
        ready = reader.ready(interlaced)
        np.testing.assert_array_equal(ready.to_ndarray(format='rgb24'), expected)
        small = dict(width=40, height=24, format='yuv420p', interpolation='BICUBIC')
        np.testing.assert_array_equal(ready.reformat(**small).to_ndarray(), plain.reformat(**small).to_ndarray())


def test_reserved_numbers_and_rgb_on_luma_count_as_silence():
    pixels = VideoFormat('yuv420p', 16, 16)
    for number in (0, 3, 18, 200):
        assert resolve(Tags(number), Tags(), pixels, 'vp9').colour.matrix_from == 'assumed'
        assert resolve(Tags(number), Tags(9), pixels, 'vp9').colour.matrix == 'bt2020-ncl'
        assert resolve(Tags(), Tags(number), pixels, 'vp9').colour.matrix == 'bt601'
    full = VideoFormat('yuvj420p', 16, 16)  # whatever is said
    assert resolve(Tags(range=LIMITED), Tags(range=LIMITED), full, 'h264').colour.range == 'full'


def test_the_record_is_the_same_before_and_after_a_read(tmp_path):
    path = write(tmp_path / 'a.mp4', frame_of(coded(1, False)), 'libx265', Tags(), Tags(1, LIMITED, 1, 1))
    with CompressedVideo(path) as before, CompressedVideo(path) as after:
        after.read(rgb=[2, 0])
        assert before.colour == after.colour == before.colour
