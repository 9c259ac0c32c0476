"""White stays white, and values are rounded, whatever the pixel format, size and way of reading."""

import av
import numpy as np
import pytest

from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.eight_bit_rgb import FAST_FORMATS, EightBitRgb, is_dark
from cmvl_mm.video.once import read_once

BT601, LIMITED = 5, 1
DEEP = ['yuv420p10le', 'yuv422p10le', 'yuv420p12le', 'yuva420p10le', 'yuv444p10le']
SUBSAMPLED = ['yuv410p', 'yuv411p', 'yuv440p', *sorted(FAST_FORMATS - {'yuvj420p', 'yuvj422p'})]


def ramp(pixel_format: str, width: int, height: int) -> tuple[av.VideoFrame, np.ndarray]:
    """All greys from black to white, and the (width,) R'G'B' that they are."""
    frame = av.VideoFrame(width, height, pixel_format)
    bits = frame.format.components[0].bits
    codes = np.round((16 + 219 * np.arange(width) / (width - 1)) * 2 ** (bits - 8))
    for number, plane in enumerate(frame.planes):
        kind = np.dtype('<u2' if bits > 8 else np.uint8)
        rows = np.full((plane.height, plane.line_size // kind.itemsize), 128 * 2 ** (bits - 8), kind)
        if number in (0, 3):
            rows[:, :width] = codes
        plane.update(rows.tobytes())
    frame.colorspace, frame.color_range = BT601, LIMITED
    return frame, (codes / 2 ** (bits - 8) - 16) / 219 * 255


@pytest.mark.parametrize('width', [880, 881, 882, 884])
@pytest.mark.parametrize('height', [63, 64])
@pytest.mark.parametrize('pixel_format', [*DEEP, *SUBSAMPLED, 'yuv444p'])
def test_greys_are_what_they_are(pixel_format, height, width):
    frame, expected = ramp(pixel_format, width, height)
    found = EightBitRgb()(frame).to_ndarray()
    assert found[:, -1].min() == 255
    fast = pixel_format in FAST_FORMATS and height % 2 == 0  # a level too dark at most, as PyAV has them
    np.testing.assert_allclose(found, np.broadcast_to(expected[:, None], found.shape), atol=1 if fast else 0.52)


def test_what_swscale_rounds_or_has_a_fast_way_for_is_left_to_it():
    """So that 8-bit files give what PyAV gives, bit for bit."""
    for name in ('yuv444p', 'yuv444p10le', 'rgb24', 'gbrp', 'gray', 'gray10le', 'pal8', *FAST_FORMATS):
        assert not is_dark(av.VideoFormat(name, 64, 64), 64)
    for name in ('nv12', 'p010le', 'yuyv422', 'yuv411p', 'yuv420p10le'):
        assert is_dark(av.VideoFormat(name, 64, 64), 64)
    assert is_dark(av.VideoFormat('yuv420p', 64, 63), 63)


@pytest.mark.parametrize(('pixel_format', 'height'), [('yuv420p10le', 64), ('yuv411p', 64), ('yuv420p', 63)])
def test_every_way_to_read_a_file_gives_them(tmp_path, pixel_format, height):
    frame, expected = ramp(pixel_format, 176, height)
    path = tmp_path / 'ramp.mkv'
    with av.open(str(path), 'w') as sink:
        stream = sink.add_stream('ffv1', rate=25)
        stream.width, stream.height, stream.pix_fmt = 176, height, pixel_format
        for number in range(3):
            frame.pts = number
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode())
    with CompressedVideo(path) as video:
        pictures = video.read(rgb=range(3))[0]
        one = video.read(rgb=[2])[0]
    assert np.array_equal(pictures[2], one[0])
    read_once(str(path), lambda timeline: [2], lambda number, rgb, shown: np.testing.assert_array_equal(rgb, one[0]))
    np.testing.assert_allclose(one[0], np.broadcast_to(expected[:, None], one[0].shape), atol=0.52)
