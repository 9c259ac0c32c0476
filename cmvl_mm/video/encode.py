"""Writing MPEG-4 Part 2 with a fixed group of pictures, by PyAV's own encoder."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from cmvl_mm.video.container import DecodedFrame, all_packets, decode_strictly, open_video, reporting
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.stream import CompressedVideo

GOP = 12  # frames from one I-frame to the next, as in CoViAR and the paper
DEFAULT_FPS = 25  # only where a container states no rate: frames are counted here, never timed
_MAX_TICKS = 65535  # MPEG-4 Part 2 keeps the ticks per second in 16 bits
_BOX_HEADER = 8  # bytes
_NO_LIMIT = 1_000_000_000  # bit/s: with one quantiser, rate control has nothing to decide


@dataclass(frozen=True)
class Profile:
    """How `reencode` writes a video.  The quantiser is constant, so the bit rate follows the content."""

    quantiser: int
    """MPEG-4 quantiser of every block, 1 (best) to 31."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels, whatever the source's shape; None keeps it."""
    short_side: int | None = None
    """Shrink to this short side, in pixels, shape kept, both sides even; smaller videos keep their size."""


# Bit rates are those of three UCF101 clips, measured.
PROFILES = {
    # The source's own size (UCF101: 320x240), as released; the quantiser is ours (PAPER.md).
    # 0.4 to 1.0 Mbit/s.  On a synthetic pan 97.1 % of the vectors
    # are exact at 3 and 97.6 % at 1, which takes 2.5 times the space.
    'paper': Profile(quantiser=3),
    # CoViAR's own recipe: ffmpeg -q:v 1 and 340x256 for every video; 1.5 to 4.5 Mbit/s.
    'coviar': Profile(quantiser=1, size=(340, 256)),
    # For quick trials: just above the 112 px that networks see, 170x128 from 340x256; 0.2 to 0.6 Mbit/s.
    'small': Profile(quantiser=3, short_side=128),
}


def reencode(src: str | os.PathLike[str], dst: str | os.PathLike[str], *, profile: Profile) -> int:
    """Write ``src`` as MPEG-4 Part 2 in .mp4, every decoded frame once, I-frames at 0, 12, 24, ...

    Time stamps are dropped: frames follow each other at the source's nominal rate.

    Rotation metadata is applied to the pixels; 10-bit, 4:4:4 and full-range video becomes 8-bit 4:2:0.  The
    result is written beside ``dst``, decoded again and compared with what went in, and only then takes its
    name.

    Returns:
        The number of frames.

    Raises:
        VideoError: naming ``src``: stage ``open``, ``index`` or ``decode`` where it is damaged, ``encode``
            where the result cannot be written or is not what was asked for.
    """
    source = os.fspath(src)
    with _replacing(os.fspath(dst)) as temporary:
        container, stream = open_video(source)
        with container:
            decoded = decode_strictly(source, stream, all_packets(source, container, stream))
            converter = VideoReformatter()
            images = (_prepare(source, frame, profile, converter) for frame in _sound_frames(source, decoded))
            rate = _nominal_rate(stream)
            count = _encode(images, temporary, rate=rate, quantiser=profile.quantiser, blame=source)
        _verify(source, temporary, count)
    return count


def write_video(
    frames: npt.NDArray[np.uint8],
    path: str | os.PathLike[str],
    *,
    fps: float = 25,
    quantiser: int = 3,
    file_size: int | None = None,
) -> None:
    """Encode ``frames``, uint8 (T, H, W, 3) RGB, with the structure that `reencode` writes.

    ``file_size``: bytes; the file is filled up to it with a box that readers of .mp4 pass over.

    Raises:
        VideoError: stage ``encode``.
    """
    name = os.fspath(path)
    with _replacing(name) as temporary:
        images = (VideoFrame.from_ndarray(frame, format='rgb24') for frame in frames)
        _encode(images, temporary, rate=_limited(Fraction(fps)), quantiser=quantiser, blame=name)
        if file_size is not None:
            _fill_up(temporary, file_size, blame=name)


def _fill_up(path: str, file_size: int, *, blame: str) -> None:
    """Append a box of type 'free' (ISO/IEC 14496-12, 8.1.2), header included in its size."""
    missing = file_size - os.path.getsize(path)
    if missing < _BOX_HEADER:
        raise VideoError(blame, 'encode', f'it takes {file_size - missing} bytes, and should fill {file_size}')
    with reporting(blame, 'encode'), open(path, 'ab') as file:
        file.write(missing.to_bytes(4, 'big') + b'free')
        file.truncate(file_size)  # zeros that most file systems need not store


@contextmanager
def _replacing(path: str) -> Iterator[str]:
    """A temporary name beside ``path``: it becomes ``path`` when all went well, and goes away when not."""
    temporary = f'{path}.{os.getpid()}.part'
    with reporting(path, 'encode'):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        with reporting(path, 'encode'):
            os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _sound_frames(source: str, decoded: Iterable[DecodedFrame]) -> Iterator[VideoFrame]:
    """Frames without damage, all of one size and rotation."""
    first = None
    for number, item in enumerate(decoded):
        frame = item.frame
        if item.damaged:
            raise VideoError(source, 'decode', f'frame {number} is damaged; FFmpeg patched it up')
        shape = frame.width, frame.height, frame.rotation
        first = first or shape
        if shape != first:
            raise VideoError(source, 'decode', f'frame {number} is {shape}, the first is {first}')
        yield frame


def _prepare(source: str, frame: VideoFrame, profile: Profile, converter: VideoReformatter) -> VideoFrame:
    """Upright, scaled, 8-bit 4:2:0 in the colours of BT.601."""
    quarter_turns, rest = divmod(frame.rotation, 90)
    if rest:
        raise VideoError(source, 'encode', f'a rotation by {frame.rotation} degrees cannot be baked in')
    if quarter_turns % 4:
        upright = np.rot90(frame.to_ndarray(format='rgb24'), quarter_turns).astype(np.uint8)  # both anticlockwise
        frame = VideoFrame.from_ndarray(upright, format='rgb24')
    width, height = _target_size(frame.width, frame.height, profile)
    return converter.reformat(
        frame,
        width=width,
        height=height,
        format='yuv420p',
        interpolation='BICUBIC',
        # What a decoder assumes of MPEG-4 Part 2, whose header says nothing of colour.
        dst_colorspace=Colorspace.ITU601,
        dst_color_range=ColorRange.MPEG,
        threads=1,
    )


def _target_size(width: int, height: int, profile: Profile) -> tuple[int, int]:
    """(width, height) of the result, px."""
    if profile.size is not None:
        return profile.size
    if profile.short_side is None or min(width, height) <= profile.short_side:
        return width, height
    scale = profile.short_side / min(width, height)
    return 2 * round(width * scale / 2), 2 * round(height * scale / 2)


def _nominal_rate(stream: VideoStream) -> Fraction:
    return _limited(Fraction(stream.average_rate or stream.guessed_rate or DEFAULT_FPS))


def _limited(rate: Fraction) -> Fraction:
    """The nearest rate that MPEG-4 Part 2 can count, its numerator and denominator in 16 bits each."""
    slowest, fastest = Fraction(1, 1000), Fraction(1000)
    rate = min(max(rate, slowest), fastest)
    return rate.limit_denominator(min(1001, int(_MAX_TICKS / rate)))


def _encode(images: Iterable[VideoFrame], path: str, *, rate: Fraction, quantiser: int, blame: str) -> int:
    """Write the images, one tick each, and return how many; errors name the file ``blame``."""
    count = 0
    with reporting(blame, 'encode'), av.open(f'file:{path}', 'w', format='mp4') as container:
        stream = container.add_stream('mpeg4', rate=rate)
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {
            'g': str(GOP),
            'bf': '0',
            'sc_threshold': '1000000000',  # else the encoder adds I-frames at cuts
            'qmin': str(quantiser),
            'qmax': str(quantiser),
            'b': str(_NO_LIMIT),
        }
        for image in images:
            if not count:
                stream.width, stream.height = image.width, image.height
            image.pts = count
            image.time_base = 1 / rate
            image.pict_type = PictureType.NONE  # a decoded frame's type would be forced on the encoder
            container.mux(stream.encode(image))
            count += 1
        if not count:
            raise VideoError(blame, 'encode', 'there are no frames to write')
        container.mux(stream.encode())
    return count


def _verify(source: str, path: str, count: int) -> None:
    """The file holds ``count`` frames that decode, an I-frame every `GOP` and P-frames between."""
    expected = ''.join('P' if number % GOP else 'I' for number in range(count))
    try:
        with CompressedVideo(path) as video:
            video.verify()
            found, keyframes = video.frame_types, video.keyframes
    except VideoError as error:
        raise VideoError(source, 'encode', f'the result does not decode: {error.reason}') from error
    if found != expected or not np.array_equal(keyframes, range(0, count, GOP)):
        raise VideoError(source, 'encode', f'the result is {found[:40]}..., {len(found)} frames of {count}')
