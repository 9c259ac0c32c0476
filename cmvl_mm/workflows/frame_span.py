"""Check the requested frames of a video before any work."""

from cmvl_mm.video.errors import FrameIndexError
from cmvl_mm.video.stream import CompressedVideo


def frame_span(video: CompressedVideo, frames: range | None) -> range:
    """The requested display indices; None takes all frames.

    Raises:
        FrameIndexError: the video lacks some of the frames.
        ValueError: the step is not one.
    """
    count = video.num_frames
    if frames is None:
        return range(count)
    if frames.step != 1:
        raise ValueError(f'frames={frames}: the step must be 1')
    if len(frames) and not (frames.start >= 0 and frames.stop <= count):
        first_outside = frames.start if frames.start < 0 else max(frames.start, count)
        raise FrameIndexError(
            video.path,
            'index',
            f'frame {first_outside}, counted from 0, is outside the video of {count} frames',
            f'Choose frames within 0:{count}, end excluded',
        )
    return frames
