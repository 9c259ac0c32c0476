"""Display times of frames: a constant rate, or a time for each frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd

import numpy as np

DEFAULT_FPS = 25  # used only if a file states neither times nor a rate
MAX_TICKS = 65535  # MPEG-4 Part 2 stores the ticks per second in 16 bits (ISO/IEC 14496-2, 6.2.3)
SLOWEST, FASTEST = Fraction(1, 1000), Fraction(1000)  # range of written frame rates, frames per second
_LONGEST_PAUSE = 86400  # seconds; FFmpeg 8.1's encoder and muxer reject longer gaps between two frames
_MAX_TICKS_APART = (1 << 31) - 1  # likewise
_FINE = Fraction(60000)  # ticks per second: exact for 24, 25, 30, 50, 60, 30000/1001 and 60000/1001 frames a second


@dataclass(frozen=True)
class Clock:
    """Timing of the frames of a file."""

    rate: Fraction
    """Ticks per second."""
    ticks: tuple[int, ...] | None = None
    """Time of each frame, from 0 on, strictly increasing; None: one tick per frame."""

    def tick(self, number: int) -> int:
        """The time of a frame in ticks."""
        return number if self.ticks is None else self.ticks[number]

    @property
    def too_long_pause(self) -> float | None:
        """Seconds of a gap between two frames that is too long to write; None if there is none."""
        longest = max((later - earlier for earlier, later in pairwise(self.ticks or ())), default=0)
        if longest > min(Fraction(_MAX_TICKS_APART), _LONGEST_PAUSE * self.rate):
            return float(longest / self.rate)
        return None

    @property
    def last_duration(self) -> int:
        """Ticks that the last frame lasts: as many as the one before it."""
        return 1 if self.ticks is None or len(self.ticks) < 2 else self.ticks[-1] - self.ticks[-2]


def choose_clock(stamps: Sequence[int] | None, time_base: Fraction | None, stated: Fraction | None) -> Clock:
    """The stated rate if the frames keep it to within the rounding of their time stamps, else each frame's time.

    Args:
        stamps: the frames' presentation time stamps in display order, strictly increasing; None if there are none.
        time_base: seconds per unit of the stamps.
        stated: the container's rate, frames per second.

    Times are exact if MPEG-4 Part 2 can hold them, and otherwise rounded to 1/60000 s.
    """
    if stamps is None or len(stamps) < 2 or not time_base or (stated and keeps(stamps, time_base, stated)):
        return Clock(limited(stated or Fraction(DEFAULT_FPS)))
    offsets = [stamp - stamps[0] for stamp in stamps]
    unit = gcd(*offsets)
    exact = 1 / (time_base * unit)
    if max(exact.numerator, exact.denominator) <= MAX_TICKS:
        return Clock(exact, tuple(offset // unit for offset in offsets))
    ticks = [0]
    for offset in offsets[1:]:
        ticks.append(max(round(offset * time_base * _FINE), ticks[-1] + 1))
    return Clock(_FINE, tuple(ticks))


def mean_rate(stamps: Sequence[int] | None, time_base: Fraction | None, stated: Fraction | None) -> Fraction | None:
    """Mean frames per second; arguments as for `choose_clock`. The stated rate, unless the times contradict it."""
    if stamps is None or len(stamps) < 2 or not time_base or (stated and keeps(stamps, time_base, stated)):
        return stated
    return (len(stamps) - 1) / (time_base * (stamps[-1] - stamps[0]))


def keeps(stamps: Sequence[int], time_base: Fraction, rate: Fraction) -> bool:
    """Whether the stamps follow a constant rate, each rounded to a whole unit, up or down."""
    step = 1 / (rate * time_base)
    late = np.array(stamps, np.float64) - stamps[0] - np.arange(len(stamps)) * float(step)
    allowed = 0 if step.denominator == 1 else 1  # rounding up and down differ by one unit; whole steps need no rounding
    return bool(np.ptp(late) <= allowed + 1e-6)


def limited(rate: Fraction) -> Fraction:
    """The nearest rate that MPEG-4 Part 2 can count, with numerator and denominator in 16 bits each."""
    rate = min(max(rate, SLOWEST), FASTEST)
    return rate.limit_denominator(min(1001, int(MAX_TICKS / rate)))


def usable(stamps: Sequence[int | None]) -> Sequence[int] | None:
    """The stamps of decoded frames, or None if some are missing or they are not strictly increasing."""
    known = [stamp for stamp in stamps if stamp is not None]
    if len(known) < len(stamps) or any(later <= earlier for earlier, later in pairwise(known)):
        return None
    return known
