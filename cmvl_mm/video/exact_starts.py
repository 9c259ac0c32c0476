"""Where decoding may start in a stream without a proven index."""

from bisect import bisect_right

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.truth import Truth


class Starts:
    """Packets with a flagged key frame after which nothing is decoded that is displayed before it.

    It is not known whether a decoder that starts there gives the frames of the sequential decode.
    """

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self.positions, self.numbers = _starts(truth)
        """Positions of these packets, and the frames displayed there; sorted, starting at the beginning of the file."""
        self.unusable: set[int] = set()
        """Positions from which an empty decoder gave wrong frames."""

    def place_of(self, number: int) -> int:
        """Place in ``positions`` of the last usable start that is neither decoded nor displayed after a frame."""
        position = max(int(self._truth.frames['position'][number]), 0)
        place = min(bisect_right(self.positions, position), bisect_right(self.numbers, number)) - 1
        while place and self.positions[place] in self.unusable:
            place -= 1
        return place

    def is_damaged_before(self, position: int) -> bool:
        """Whether anything before a start was flagged or refused, so that the decoder's state there is uncertain."""
        positions = self._truth.frames['position'][self._truth.frames['damaged']]
        return bool((positions < position).any()) or any(fault.position < position for fault in self._truth.faults)


def _starts(truth: Truth) -> tuple[list[int], list[int]]:
    """Positions where decoding may start, and the frames displayed there; both sorted."""
    frames = truth.frames
    if not truth.has_positions:
        return [0], [0]
    flagged = frames['key'] | truth.packets['key'][frames['position']]
    # Nothing that is displayed after a start may be decoded before it.
    earliest = np.minimum.accumulate(frames['position'][::-1])[::-1]
    numbers = np.flatnonzero(flagged & (earliest == frames['position']))
    numbers = numbers[frames['position'][numbers] > 0]
    return [0, *frames['position'][numbers].tolist()], [0, *numbers.tolist()]


def flagged_frames(truth: Truth) -> npt.NDArray[np.int64]:
    """Display indices of the undamaged frames that may be key frames: by the decoder, else the container, else all."""
    frames = truth.frames
    by_container = truth.has_positions and not frames['key'].any()
    flagged = truth.packets['key'][frames['position']] if by_container else frames['key']
    if not flagged.any():
        flagged = np.ones(len(frames), np.bool_)  # no flags at all: every frame is tried
    return np.flatnonzero(flagged & ~frames['damaged'])
