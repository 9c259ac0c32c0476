"""The sides of H.264's reference lists: their pictures are displayed before a picture, after it, or both.

FFmpeg gives a vector's list but not its entry, so a list gives the direction only if all its entries are on one side.
Pictures are tracked as in ITU-T H.264: the lists (8.2.4) and the marking (8.2.5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cmvl_mm.bitstream.h264_order import PictureOrder
from cmvl_mm.bitstream.h264_slices import SliceHeader

Side = Literal['past', 'future', 'mixed', 'none']
"""Side on which all pictures of a list are displayed; 'none': the list is empty."""


class Unknown(ValueError):
    """The content of a list is unknown."""


class Lists(NamedTuple):
    """One picture's display order within its coded video sequence, and the sides of its lists."""

    order: tuple[int, int]
    """(number of the sequence, picture order count): sorts pictures by display."""
    sides: tuple[Side, Side] | None
    """None if unknown."""
    only: tuple[tuple[int, int] | None, tuple[int, int] | None] = (None, None)
    """The order of the one picture that all entries of a list name; None if there are several, or it is unknown."""
    first: tuple[tuple[int, int] | None, tuple[int, int] | None] = (None, None)
    """The order of the first picture of a list in all slices; None if they differ, or it is unknown."""


@dataclass(eq=False)
class _Reference:
    frame_num: int
    poc: int
    long: int | None = None  # LongTermFrameIdx
    wrapped: int = 0  # FrameNumWrap, for the current picture


_Entries = tuple[list[_Reference], list[_Reference]]
"""Both lists of a slice."""


class ReferenceLists:
    """Follows a stream from its first packet, frame by frame in decoding order.

    After damage or a gap in the numbering nothing is known until the next I-frame, and after a field until the next IDR
    picture.
    """

    def __init__(self) -> None:
        self._sequence = 0
        self._references: list[_Reference] = []
        self._lost = False
        self._had_fields = False
        self._is_first = True
        self._latest: int | None = None  # the highest picture order count of the sequence so far
        self._order = PictureOrder()
        self._previous_frame_num = 0

    def picture(self, slices: Sequence[SliceHeader]) -> Lists:
        """The lists of the next picture, given all its slices.

        For a frame coded as two fields, only the order is given: from there on, ``sides`` is None.
        """
        first = slices[0]
        if first.idr:
            self._sequence += 1
            self._references, self._had_fields, self._latest = [], False, None
        poc = self._order.of(first)
        entries = self._entries(slices, poc)
        lists = Lists(
            (self._sequence, poc), self._sides(slices, poc, entries), self._same(entries, None), self._same(entries, 1)
        )
        self._latest = poc if self._latest is None else max(poc, self._latest)
        self._mark(first, poc)
        return lists

    def lose(self) -> None:
        """Note that a picture could not be followed."""
        self._lost = True

    def _sides(self, slices: Sequence[SliceHeader], poc: int, entries: list[_Entries]) -> tuple[Side, Side] | None:
        if all(head.kind in ('I', 'SI') for head in slices):
            self._lost = False
            return 'none', 'none'
        if self._latest is not None and self._latest < poc and all(head.kind != 'B' for head in slices):
            return 'past', 'none'  # like all pictures decoded before it, whatever the list holds
        if not entries:
            return None
        return _side([lists[0] for lists in entries], poc), _side([lists[1] for lists in entries], poc)

    def _entries(self, slices: Sequence[SliceHeader], poc: int) -> list[_Entries]:
        """Both lists of each slice; empty if they are unknown."""
        if self._lost or self._had_fields or slices[0].field:
            return []
        try:
            return [self._lists(head, poc) for head in slices]
        except Unknown:
            return []

    def _same(
        self, entries: list[_Entries], count: int | None
    ) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """The order of the one picture that the first ``count`` entries of a list, or all, name in all slices."""
        pocs = [{reference.poc for lists in entries for reference in lists[number][:count]} for number in range(2)]
        first, second = ((self._sequence, found.pop()) if len(found) == 1 else None for found in pocs)
        return first, second

    def _lists(self, head: SliceHeader, poc: int) -> tuple[list[_Reference], list[_Reference]]:
        """8.2.4, for frames."""
        turn = 1 << head.sps.frame_num_bits
        for reference in self._references:
            later = reference.frame_num > head.frame_num
            reference.wrapped = reference.frame_num - turn if later else reference.frame_num
        short = [reference for reference in self._references if reference.long is None]
        long = sorted([r for r in self._references if r.long is not None], key=lambda r: r.long or 0)
        if head.kind == 'B':
            past = sorted([r for r in short if r.poc < poc], key=lambda r: -r.poc)
            future = sorted([r for r in short if r.poc > poc], key=lambda r: r.poc)
            initial = [past + future + long, future + past + long]
            if len(initial[1]) > 1 and initial[0] == initial[1]:
                initial[1][:2] = initial[1][1::-1]
        else:
            initial = [sorted(short, key=lambda r: -r.wrapped) + long, []]
        lists = [self._changed(initial[n][: head.num_refs[n]], head, n, turn) for n in range(2)]
        return lists[0], lists[1]

    def _changed(self, entries: list[_Reference], head: SliceHeader, number: int, turn: int) -> list[_Reference]:
        """8.2.4.3."""
        predicted = head.frame_num
        for place, (change, operand) in enumerate(head.changes[number]):
            if change == 2:
                found = [r for r in self._references if r.long == operand]
            else:
                predicted = (predicted + (operand + 1) * (1 if change else -1)) % turn
                wanted = predicted - turn if predicted > head.frame_num else predicted
                found = [r for r in self._references if r.long is None and r.wrapped == wanted]
            if not found:
                raise Unknown('a reference list names a missing picture')
            kept = [r for r in entries[place:] if r is not found[0]]
            entries = (entries[:place] + found[:1] + kept)[: head.num_refs[number]]
        return entries

    def _mark(self, head: SliceHeader, poc: int) -> None:
        """8.2.5, after the picture."""
        turn, frame_num = 1 << head.sps.frame_num_bits, head.frame_num
        step = (frame_num - self._previous_frame_num) % turn
        self._lost |= not head.idr and step > 1 and not self._is_first
        self._is_first = False
        self._previous_frame_num = frame_num
        self._had_fields |= head.field  # fields are marked one by one
        if not head.ref:
            return
        current = _Reference(frame_num, poc, long=0 if head.long_term else None)
        if head.marking is None:
            self._slide(head.sps.num_ref_frames, frame_num)
        for command in head.marking or ():
            self._obey(command, current, turn)
        self._references.append(current)

    def _slide(self, most: int, frame_num: int) -> None:
        """8.2.5.3."""
        short = [reference for reference in self._references if reference.long is None]
        if short and len(self._references) >= max(most, 1):
            self._references.remove(min(short, key=lambda r: (r.frame_num <= frame_num, r.frame_num)))

    def _obey(self, command: tuple[int, ...], current: _Reference, turn: int) -> None:
        """8.2.5.4."""
        kind, *operands = command
        keep = self._references
        if kind in (1, 3):
            number = (current.frame_num - operands[0] - 1) % turn
            named = [r for r in keep if r.long is None and r.frame_num == number]
            if kind == 1:
                keep = [r for r in keep if r not in named]
            else:
                self._lost |= not named
                keep = [r for r in keep if r.long != operands[1]]
                for reference in named:
                    reference.long = operands[1]
        elif kind == 2:
            keep = [r for r in keep if r.long != operands[0]]
        elif kind == 4:
            keep = [r for r in keep if r.long is None or r.long < operands[0]]
        elif kind == 5:
            keep = []
            self._sequence += 1
            self._latest = self._previous_frame_num = current.frame_num = current.poc = 0
            self._order.begin_anew()
        elif kind == 6:
            keep = [r for r in keep if r.long != operands[0]]
            current.long = operands[0]
        self._references = keep


def _side(lists: Sequence[Sequence[_Reference]], poc: int) -> Side:
    """The side of one list in all slices."""
    orders = [reference.poc for entries in lists for reference in entries]
    if not orders:
        return 'none'
    if max(orders) < poc:
        return 'past'
    return 'future' if min(orders) > poc else 'mixed'
