"""Writes any video, or frames of an array, as a file with simple vectors; checks it before it gets its final name."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from cmvl_mm.video.checks import SettingFault, about, finite, shown, whole
from cmvl_mm.video.display import UPRIGHT, Orientation, display_size
from cmvl_mm.video.errors import SettingError, VideoError
from cmvl_mm.video.mpeg4_writer import GOP, check_size, encode_images
from cmvl_mm.video.own_source import refuse_own_source
from cmvl_mm.video.profile import MAX_SIDE, MOST_QUANTISER, PROFILES, Profile, profiles_within
from cmvl_mm.video.replacing import replacing
from cmvl_mm.video.reporting import failure, reporting
from cmvl_mm.video.seal import SEAL_SIZE, Seal, write_seal
from cmvl_mm.video.source_frames import SourceFrames, StampsDisagree, stamps_by_decoding, stamps_by_packets
from cmvl_mm.video.stream import CompressedVideo
from cmvl_mm.video.times import FASTEST, SLOWEST, Clock, limited

__all__ = ['PROFILES', 'Profile', 'reencode', 'write_video']

_BOX_HEADER = 8  # bytes


def reencode(src: str | os.PathLike[str], dst: str | os.PathLike[str], *, profile: Profile) -> int:
    """Re-encode ``src`` as MPEG-4 Part 2 in .mp4, every decoded frame once, with I-frames at 0, 12, 24, ...

    What the source states about its picture is applied to the pixels:

    * Orientation: rotated and mirrored pictures become upright.
    * Shape: pixels become square by a change of the width; the profile's size applies after that. A profile of fixed
      size squeezes the picture; if that changes its shape by more than 1 %, the file states the shape of its pixels.
    * Colour: 8-bit 4:2:0 of BT.601, limited range, from the colours that `CompressedVideo` reads.
    * Interlacing: the lines of both fields form one picture, flagged as interlaced or not.

    Times: a constant rate stays. If the rate varies, each frame keeps its time relative to the first frame: exactly or,
    where MPEG-4 Part 2 cannot count that finely, to within 1/60000 s. For a source without usable time stamps, its
    stated rate is assumed, or 25 frames a second.

    The result is written to a temporary file, decoded again and compared with the input before it becomes ``dst``.

    Returns:
        The number of frames.

    Raises:
        SettingError: ``profile`` is not a `Profile`, or ``dst`` is ``src``, which would be lost.
        VideoError: names ``src``. Stage ``open``, ``index`` or ``decode`` if it is damaged or changes its size;
            ``encode`` if its orientation or size cannot be written, or the result differs from what was requested.
    """
    name = os.fspath(src)
    if not isinstance(profile, Profile):
        remedy = 'Give a Profile, such as PROFILES["paper"]'
        raise SettingError(name, 'encode', f'profile is {shown(profile)}', remedy)
    refuse_own_source(name, dst)
    with _replacing(os.fspath(dst)) as temporary:
        try:
            return _write(name, stamps_by_packets(name), temporary, profile)
        except StampsDisagree:  # decoded frames differ from what the packets announced
            return _write(name, stamps_by_decoding(name), temporary, profile)


def _write(name: str, stamps: Sequence[int] | None, path: str, profile: Profile) -> int:
    to_rgb, converter = VideoReformatter(), VideoReformatter()
    with SourceFrames(name, stamps) as source:
        shown = display_size(source.width, source.height, source.pixel_shape, source.orientation)
        size, pixel_shape = profile.target(*shown)
        check_size(*size, name, f'Prepare the video with the profile {" or ".join(profiles_within(MAX_SIDE, *shown))}')
        images = (_prepare(frame, source.orientation, size, to_rgb, converter) for frame in source.frames())
        quantiser = profile.quantiser
        count = encode_images(
            images, path, clock=source.clock, quantiser=quantiser, blame=name, pixel_shape=pixel_shape
        )
    _seal(path, profile, count, blame=name)
    _verify(name, path, count, source.clock)
    return count


def write_video(
    frames: npt.NDArray[np.uint8],
    path: str | os.PathLike[str],
    *,
    fps: float = 25,
    quantiser: int = 3,
    file_size: int | None = None,
) -> None:
    """Encode ``frames``, uint8 (T, H, W, 3) RGB, with the same structure as `reencode`.

    Args:
        frames: as above.
        path: the file to write.
        fps: frames per second, 0.001 to 1000.
        quantiser: MPEG-4 quantiser, 1 (best) to 31.
        file_size: bytes; the file is padded to this size with a box that .mp4 readers skip.

    Raises:
        SettingError: an invalid number, or frames of another type or shape.
        VideoError: stage ``encode``, if the file cannot be written.
    """
    name = os.fspath(path)
    with about(name, 'encode'):
        quantiser = whole('quantiser', quantiser, least=1, most=MOST_QUANTISER)
        file_size = None if file_size is None else whole('file_size', file_size, least=1)
        rate = Fraction(finite('fps', fps))
        if not SLOWEST <= rate <= FASTEST:
            raise SettingFault(f'fps is {fps}', f'Give fps from {float(SLOWEST)} to {FASTEST}')
    with _replacing(name) as temporary:
        images = (_image(frame, name) for frame in frames)
        count = encode_images(images, temporary, clock=Clock(limited(rate)), quantiser=quantiser, blame=name)
        if file_size is not None:
            _fill_up(temporary, file_size, reserved=SEAL_SIZE, blame=name)
        _seal(temporary, Profile(quantiser), count, blame=name)


def _image(frame: npt.NDArray[np.uint8], blame: str) -> VideoFrame:
    """A frame for the encoder. Raises SettingError for anything but (H, W, 3) of uint8."""
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        found = f'{frame.dtype} {frame.shape}' if isinstance(frame, np.ndarray) else type(frame).__name__
        raise SettingError(blame, 'encode', f'a frame is {found}', 'Give uint8 (T, H, W, 3), RGB')
    return VideoFrame.from_ndarray(frame, format='rgb24')


def _seal(path: str, profile: Profile, num_frames: int, *, blame: str) -> None:
    name = next((name for name, known in PROFILES.items() if known == profile), 'custom')
    with reporting(blame, 'encode'):
        write_seal(path, Seal(name, num_frames, GOP))


def _fill_up(path: str, file_size: int, *, reserved: int, blame: str) -> None:
    """Append a box of type 'free' (ISO/IEC 14496-12, 8.1.2) that leaves ``reserved`` bytes up to ``file_size``."""
    missing = file_size - reserved - os.path.getsize(path)
    if missing < _BOX_HEADER:
        reason = f'the video of {file_size - missing} bytes cannot be padded to {file_size} bytes'
        raise VideoError(blame, 'encode', reason, 'Give a larger file_size')
    with reporting(blame, 'encode'), open(path, 'ab') as file:
        file.write(missing.to_bytes(4, 'big') + b'free')
        file.truncate(file_size - reserved)  # zeros, which most file systems do not store


@contextmanager
def _replacing(path: str) -> Iterator[str]:
    """As `replacing`, but creates the folder and raises only VideoError."""
    with reporting(path, 'encode'):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(path) as temporary:
            yield str(temporary)
    except OSError as error:
        raise failure(path, 'encode', error) from error


def _prepare(
    frame: VideoFrame,
    orientation: Orientation,
    size: tuple[int, int],
    to_rgb: VideoReformatter,
    converter: VideoReformatter,
) -> VideoFrame:
    """The picture upright, at this (width, height), as 8-bit 4:2:0 in the colours of BT.601."""
    if orientation != UPRIGHT:
        rgb = to_rgb.reformat(frame, format='rgb24', threads=1).to_ndarray().astype(np.uint8, copy=False)
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(orientation.upright(rgb)), format='rgb24')
    return converter.reformat(
        frame,
        width=size[0],
        height=size[1],
        format='yuv420p',
        interpolation='BICUBIC',
        # Decoders assume this for MPEG-4 Part 2, because its header states no colour.
        dst_colorspace=Colorspace.ITU601,
        dst_color_range=ColorRange.MPEG,
        threads=1,
    )


def _verify(source: str, path: str, count: int, clock: Clock) -> None:
    """Check that ``count`` frames decode at their times, with an I-frame every `GOP` frames and P-frames between."""
    expected = ''.join('P' if number % GOP else 'I' for number in range(count))
    try:
        with CompressedVideo(path) as video:
            video.verify()
            found, keyframes = video.frame_types, video.keyframes
    except VideoError as error:
        raise VideoError(source, 'encode', f'the written file does not decode: {error.reason}') from error
    if found != expected or not np.array_equal(keyframes, range(0, count, GOP)):
        reason = f'the written file has {len(found)} of {count} frames, with the types {found[:40]}...'
        raise VideoError(source, 'encode', reason)
    with reporting(source, 'encode'), av.open(f'file:{path}') as container:
        (stream,) = container.streams.video
        packets = [packet for packet in container.demux(stream) if packet.size]
        times = [Fraction(packet.pts or 0) * packet.time_base * clock.rate for packet in packets]
    if times != [clock.tick(number) for number in range(count)]:
        raise VideoError(source, 'encode', 'the written file does not show its frames at the right times')
