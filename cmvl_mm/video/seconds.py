"""Display times of frames in seconds, from the stream's time stamps alone."""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.checks import about, real
from cmvl_mm.video.errors import FrameIndexError, VideoError

_SLACK = 1e-3  # of a tick: rounding error when a caller computes seconds


class Presentation:
    """Display times of one video.

    Args:
        path: path of the video, for errors.
        stamps: (num_frames,) strictly increasing ticks; None if the stream has no usable ones.
        tick: seconds per tick; None if unknown.
        rate: frames per second that the container states, if any: it gives the duration of a single frame.
    """

    def __init__(
        self, path: str, stamps: Sequence[int] | None, tick: Fraction | None, rate: Fraction | None = None
    ) -> None:
        self._path = path
        self._stamps = stamps if tick else None
        self._tick = tick or Fraction(0)
        self._rate = rate

    def timestamps(self, num_frames: int) -> npt.NDArray[np.float64]:
        """(num_frames,) seconds; NaN if there are no usable stamps."""
        if self._stamps is None:
            return np.full(num_frames, np.nan)
        scale = self._tick
        return np.array([stamp * scale.numerator / scale.denominator for stamp in self._stamps], np.float64)

    @property
    def duration(self) -> float:
        """Seconds from the first frame's time to the end of the last; NaN if unknown."""
        end = self._end
        return np.nan if self._stamps is None or end is None else float((end - self._stamps[0]) * self._tick)

    def index_at(self, seconds: float) -> int:
        """Number of the frame that is shown at a time.

        Raises:
            FrameIndexError: no frame is shown then.
            SettingError: ``seconds`` is not a number.
            VideoError: stage ``index``, if the frames have no usable time stamps.
        """
        if self._stamps is None:
            remedy = 'Ask for frames by number, or re-encode the video with cmvl prepare'
            raise VideoError(self._path, 'index', 'the frames have no usable time stamps', remedy)
        with about(self._path, 'index'):
            seconds = real('seconds', seconds)
        tick = seconds / float(self._tick) + _SLACK
        first, end = self._stamps[0], self._end
        if not (first <= tick and (end is None or tick < end)):
            begin, stop = (float(stamp * self._tick) for stamp in (first, self._stamps[-1] if end is None else end))
            raise FrameIndexError(
                self._path,
                'index',
                f'no frame is shown at {seconds} s',
                f'Ask for seconds from {begin:.6g} to before {stop:.6g}, as in timestamps',
            )
        return bisect_right(self._stamps, tick) - 1

    @property
    def _end(self) -> Fraction | None:
        """End in ticks: the last frame lasts as long as the one before it, a single frame as long as the rate says."""
        stamps = self._stamps or ()
        if len(stamps) > 1:
            return Fraction(2 * stamps[-1] - stamps[-2])
        return stamps[0] + 1 / (self._rate * self._tick) if stamps and self._rate else None
