"""Decoded frames -> `MotionField`, with a reason for each frame without vectors."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType, VideoFrame

from cmvl_mm.bitstream.claims import (
    B_BITS,
    B_FRAME,
    FIELDS,
    FUTURE,
    I_FRAME,
    NO_FUTURE,
    NO_KINDS,
    NO_RECORDS,
    NOTHING_REAL,
    OTHER_LAYER,
    PAST,
    SPRITE,
    UNKNOWN,
    Claim,
)
from cmvl_mm.video.columns import RECORD
from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.macroblocks import kinds_of
from cmvl_mm.video.motion import MotionField, grid_shape
from cmvl_mm.video.raster import rasterise
from cmvl_mm.video.records import (
    in_frame_lines,
    of_list_1,
    shifted,
    without_fields,
    without_phantoms,
    without_unsure_zeros,
)
from cmvl_mm.video.reporting import reporting
from cmvl_mm.video.side_data import motion_buffer

# Frames painted at a time: enough to spread NumPy's cost per call, but few enough to stay in the cache.
_TOGETHER = 32
_ENOUGH = 512 << 10  # bytes of records: 32 frames of 340x256, two of 1920x1080
_WITH_B_VECTORS = {'mpeg1video', 'mpeg2video', 'h264'}
_SELECTIONS = {'h264': without_phantoms, 'mpeg4': without_fields}
_PLAIN = Claim()
Direction = Literal['past', 'future']
_READ_B = 'read its bits'  # placeholder for a reason that is not known yet


class Painter:
    """Collects the motion-vector records of frames, and paints a group of frames at a time.

    Args:
        facts: facts of the video.
        num_frames: rows of the result.
        block: edge of a cell in pixels.
        direction: whether references are displayed before or after the frame.
    """

    def __init__(self, facts: VectorFacts, num_frames: int, block: int, direction: Direction = 'past') -> None:
        self._facts = facts
        self._to_future = direction == 'future'
        self._block = block
        self._size = facts.size
        grid = num_frames, *grid_shape(*self._size, block)
        self._vectors, self._valid = np.zeros((*grid, 2), np.int16), np.zeros(grid, np.bool_)
        self._missing: list[str | None] = [I_FRAME] * num_frames  # I-frames are not always decoded
        self._rows: list[list[int]] = []
        self._records: list[Any] = []
        self._size_of_records = 0
        self._without: dict[int, str] = {int(PictureType.I): I_FRAME, int(PictureType.BI): I_FRAME}
        if facts.codec == 'mpeg4':
            self._without |= {int(PictureType.B): _READ_B, int(PictureType.S): SPRITE}
        elif facts.codec not in _WITH_B_VECTORS:
            self._without[int(PictureType.B)] = B_FRAME.format(codec=facts.codec)
        self._has_claims = bool(num_frames) and facts.needs_claims
        # The header says progressive, but may change in mid-stream: interlaced frames reveal that.
        self._is_progressive = facts.codec in ('h264', 'mpeg2video') and not self._has_claims
        if facts.codec == 'h264' and not self._has_claims:
            self._without[int(PictureType.B)] = UNKNOWN
        if self._to_future:
            self._leave_out_what_has_no_future()
        self._held = facts.held_at_changes() if num_frames and facts.codec == 'mpeg4' else frozenset()
        self._has_unsure_zeros = facts.codec == 'wmv2'
        self._select = _SELECTIONS.get(facts.codec)

    def _leave_out_what_has_no_future(self) -> None:
        if self._facts.codec != 'h264' or not self._has_claims:  # otherwise the headers say what a P-frame refers to
            self._without[int(PictureType.P)] = PAST

    def add(self, rows: list[int], number: int, frame: VideoFrame) -> None:
        """Add one frame's vectors to these rows of the result."""
        records: Any = None
        missing = self._without.get(frame.pict_type)
        if missing is _READ_B:
            missing, records = self._read_b_frame(number)
        elif missing is None:
            records = motion_buffer(frame)
            if records is None:
                missing = NO_RECORDS
            elif number in self._held:
                missing = OTHER_LAYER
            elif self._has_claims:
                missing, records = self._judge(number, frame, records)
            elif self._is_progressive and frame.interlaced_frame:
                missing = UNKNOWN
            elif self._to_future:  # of MPEG-1 and MPEG-2
                records = of_list_1(np.frombuffer(records, RECORD)).tobytes()
            elif self._has_unsure_zeros:
                records = without_unsure_zeros(np.frombuffer(records, RECORD), kinds_of(frame)).tobytes()
        for row in rows:
            self._missing[row] = missing
        if missing is not None:
            return
        size = memoryview(records).nbytes
        self._size_of_records += size
        is_full = len(self._rows) + 1 == _TOGETHER or self._size_of_records >= _ENOUGH
        self._rows.append(rows)
        self._records.append(records if is_full else bytes(records))  # records that are painted now need no copy
        if is_full:
            self.paint()

    def _read_b_frame(self, number: int) -> tuple[str | None, Any]:
        """Reason or records of an MPEG-4 Part 2 B-frame."""
        try:
            return None, self._facts.b_records(number, to_future=self._to_future)
        except ValueError as error:
            return B_BITS.format(codec=self._facts.codec, error=error), None

    def _judge(self, number: int, frame: VideoFrame, records: Any) -> tuple[str | None, Any]:
        """The reason why a frame's records do not count, or the records that count."""
        claim = self._facts.claim(number)
        if self._to_future:
            wanted = claim.future_list if self._facts.codec == 'h264' else 1
            if wanted is None:
                return claim.missing or PAST, None
            if claim.missing is not None and claim.missing is not FUTURE:
                return claim.missing, None
        elif claim.missing is not None or claim == _PLAIN:
            return claim.missing, records
        else:
            wanted = claim.past_list
        whole = kept = np.frombuffer(records, RECORD)
        if wanted:
            kept = of_list_1(kept)
        if claim.interlaced:
            kinds = kinds_of(frame)
            if kinds is None:
                return NO_KINDS, None
            kept = in_frame_lines(kept, kinds, claim.trust)
            if not len(kept):
                return FIELDS, None
        if claim.left or claim.top:
            kept = shifted(kept, claim.left, claim.top)
        return None, records if kept is whole else kept.tobytes()

    def paint(self) -> None:
        """Paint the frames that were added since the last call."""
        with reporting(self._facts.path, 'motion'):
            painted = rasterise(self._records, *self._size, self._block, self._select)
        for rows, vectors, valid in zip(self._rows, *painted, strict=True):
            for row in rows:
                self._vectors[row], self._valid[row] = vectors, valid
        for number in np.flatnonzero(~painted[1].any(axis=(1, 2))):
            for row in self._rows[number]:
                self._missing[row] = NO_FUTURE if self._to_future else NOTHING_REAL
        self._rows, self._records, self._size_of_records = [], [], 0

    def painted(self, row: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
        """(Hb, Wb, 2) vectors and (Hb, Wb) validity of one row, before all frames are there."""
        self.paint()
        return self._vectors[row], self._valid[row]

    def discard(self, rows: list[int], reason: str) -> None:
        """Invalidate what was painted of a frame, with a reason."""
        for row in rows:
            self._vectors[row], self._valid[row], self._missing[row] = 0, False, reason

    def finish(self) -> MotionField:
        """The field of all frames; frames that were never added are I-frames."""
        self.paint()
        return MotionField(vectors=self._vectors, valid=self._valid, block=self._block, missing=tuple(self._missing))
