"""Vectors, residuals and flow of the sampled frames as 8-bit pictures, for the usual crops and networks.

Scales are those of CoViAR's published code (`dataset.py`): vectors of -20 ... 20 px map to 0 ... 255 with 128 for no
motion, residuals plus 128; values outside are clipped.

Symbols: S segments of T frames, H x W pixels.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from mmaction.registry import TRANSFORMS

from cmvl_mm.datasets.decoded_frames import DecodedFrames
from cmvl_mm.datasets.flow import read_flow
from cmvl_mm.video import CompressedVideo, MotionField, VideoError, read_accumulated, read_accumulated_residual
from cmvl_mm.video.motion import QUARTERS

Sample = dict[str, Any]
Pictures = npt.NDArray[np.uint8]
Valid = npt.NDArray[np.bool_]
REACH = 20  # px
MIDDLE = 128  # no motion, no residual


def vector_pictures(vectors: npt.NDArray[Any]) -> Pictures:
    """Vectors in pixels, of any shape -> 8 bits: v * 127.5 / 20 + 128, rounded and clipped."""
    return np.clip(np.rint(vectors * (127.5 / REACH)) + MIDDLE, 0, 255).astype(np.uint8)


def residual_pictures(residual: npt.NDArray[np.int16]) -> Pictures:
    """Differences of -255 ... 255, of any shape -> 8 bits: plus 128, clipped."""
    return np.clip(residual + MIDDLE, 0, 255).astype(np.uint8)


def painted(field: MotionField, height: int, width: int) -> tuple[npt.NDArray[np.float32], Valid]:
    """A field on its grid -> every pixel's vector in pixels, (n, H, W, 2), and a mask of real ones, (n, H, W)."""
    rows, columns = np.arange(height) // field.block, np.arange(width) // field.block
    vectors = field.vectors[:, rows][:, :, columns].astype(np.float32) / np.float32(QUARTERS)
    return vectors, field.valid[:, rows][:, :, columns]


def _vectors(video: CompressedVideo, frames: npt.NDArray[np.int64]) -> tuple[Pictures, Valid]:
    vectors, valid = painted(video.read(motion=frames).motion, video.height, video.width)
    return vector_pictures(vectors), valid


def _flow(video: CompressedVideo, frames: npt.NDArray[np.int64]) -> tuple[Pictures, Valid]:
    if not frames.all():
        raise ValueError(f"{video.path}: frame 0 has no flow. Remedy: use SampleSegments(frames='predicted').")
    vectors, valid = painted(read_flow(video, motion=frames), video.height, video.width)
    return vector_pictures(vectors), valid


def _accumulated_vectors(video: CompressedVideo, frames: npt.NDArray[np.int64]) -> tuple[Pictures, Valid]:
    _require_exact(video)
    motion = read_accumulated(video, frames)
    _require_start(video, frames, motion.since)
    return vector_pictures(motion.vectors), motion.valid


def _residual(video: CompressedVideo, frames: npt.NDArray[np.int64]) -> tuple[Pictures, None]:
    return _difference(video, frames, over=1)


def _accumulated_residual(video: CompressedVideo, frames: npt.NDArray[np.int64]) -> tuple[Pictures, None]:
    return _difference(video, frames, over=None)


def _difference(video: CompressedVideo, frames: npt.NDArray[np.int64], over: int | None) -> tuple[Pictures, None]:
    _require_exact(video)
    difference = read_accumulated_residual(video, frames, over=over)
    _require_start(video, frames, difference.motion.since)
    return residual_pictures(difference.rgb), None


def _require_exact(video: CompressedVideo) -> None:
    """Refuse other codecs: CoViAR's streams are defined on MPEG-4 Part 2 without B-frames, others give estimates."""
    if not video.has_exact_residuals:
        raise VideoError(
            video.path,
            'motion',
            'the stream is not MPEG-4 Part 2 without B-frames, so accumulated vectors and residuals are not exact',
        )


def _require_start(video: CompressedVideo, frames: npt.NDArray[np.int64], since: npt.NDArray[np.int64]) -> None:
    if (since < 0).any():
        number = frames[since < 0][0]
        raise VideoError(video.path, 'motion', f'frame {number} has no frame before it to trace back to')


STREAMS: dict[str, Callable[[CompressedVideo, npt.NDArray[np.int64]], tuple[Pictures, Valid | None]]] = {
    'vectors': _vectors,
    'residual': _residual,
    'accumulated_vectors': _accumulated_vectors,
    'accumulated_residual': _accumulated_residual,
    'flow': _flow,
}
"""Name -> function from frames (n,) to pictures (n, H, W, channels) and, for vectors, a mask of real ones (n, H, W)."""


@TRANSFORMS.register_module()
class ReadStreams:
    """The streams of the sampled frames as channels of `imgs`, (S, H, W, C) uint8, in the order of their names.

    | stream | channels of a frame | content |
    |---|---|---|
    | vectors | dx, dy | the frame's own vectors |
    | residual | R, G, B | the frame minus the previous frame moved by the frame's own vectors |
    | accumulated_vectors | dx, dy | displacement since the I-frame, `read_accumulated` |
    | accumulated_residual | R, G, B | the frame minus its I-frame moved by that displacement |
    | flow | dx, dy | TV-L1, from the flow file next to the video that `cmvl prepare --flow` writes |

    A segment of T frames has the channels of its frames one after another, then those of the next stream.  Residuals
    are CoViAR's differences of pictures, not the residuals coded in the stream (`read_residuals`).

    Args:
        streams: names of the table.
        invalid: treatment of pixels without a real vector (intra blocks; traces that cannot be followed). 'channel'
            adds one channel per frame to each stream of vectors, 255 where they are real and 0 elsewhere, so that a
            network can distinguish them. 'no_motion' is the papers' rule: such pixels count as not moving.

    Raises:
        ValueError: a stream is unknown; flow of frame 0 is requested; or the sample holds decoded frames, which have
            no streams.
        VideoError: residual or accumulated vectors are read from another stream than MPEG-4 Part 2 without B-frames;
            or the video has no flow file.
    """

    def __init__(self, streams: Sequence[str], invalid: Literal['channel', 'no_motion']) -> None:
        unknown = [name for name in streams if name not in STREAMS]
        if unknown or not streams:
            raise ValueError(f'streams={list(streams)!r}: needs one or more of {", ".join(STREAMS)}')
        if invalid not in ('channel', 'no_motion'):
            raise ValueError(f"invalid={invalid!r} is not one of 'channel', 'no_motion'")
        self.streams, self.invalid = tuple(streams), invalid

    def __call__(self, sample: Sample) -> Sample:
        with sample.pop('opened', nullcontext()):  # a file of `OpenVideo`; a data set closes its own
            return self._read(sample)

    def _read(self, sample: Sample) -> Sample:
        video, frames = sample['video'], sample['clip_frames']
        if isinstance(video, DecodedFrames):
            raise ValueError('decoded frames have neither vectors nor residuals. Remedy: give the video file.')
        channels: list[Pictures] = []
        signed: list[int] = []  # channels of dx
        for name in self.streams:
            pictures, valid = STREAMS[name](video, frames.reshape(-1))
            if valid is not None:
                begin = sum(part.shape[-1] for part in channels)
                signed += range(begin, begin + 2 * frames.shape[1], 2)
            channels.append(_stacked(pictures, frames.shape))
            if valid is not None and self.invalid == 'channel':
                channels.append(_stacked(valid[..., None] * np.uint8(255), frames.shape))
        sample['imgs'] = np.concatenate(channels, axis=-1)
        sample['signed_channels'] = np.array(signed, np.int64)
        sample['clip_frames'] = frames[:, :1]  # one picture per segment from here on
        return sample


def _stacked(pictures: Pictures, shape: tuple[int, ...]) -> Pictures:
    """(S * T, H, W, c) -> (S, H, W, T * c)."""
    segments, length = shape
    _, height, width, channels = pictures.shape
    apart = pictures.reshape(segments, length, height, width, channels)
    return np.moveaxis(apart, 1, 3).reshape(segments, height, width, length * channels)
