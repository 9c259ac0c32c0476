"""The order in which pictures of H.264 are displayed (ITU-T H.264, 8.2.1)."""

from cmvl_mm.bitstream.h264_slices import SliceHeader


class PictureOrder:
    """Picture order counts, within a coded video sequence."""

    def __init__(self) -> None:
        self._previous_poc = (0, 0)  # most and least significant part of the previous reference's count
        self._previous_frame_num = 0
        self._frame_num_offset = 0

    def of(self, head: SliceHeader) -> int:
        """The count of the next picture in decoding order: of its top field or, for a bottom field, of that field."""
        order = self._order(head)
        self._previous_frame_num = head.frame_num
        return order

    def begin_anew(self) -> None:
        """Start counting anew: the previous picture acts like an IDR picture (memory_management_control 5)."""
        self._previous_poc = 0, 0
        self._previous_frame_num = self._frame_num_offset = 0

    def _order(self, head: SliceHeader) -> int:
        sps = head.sps
        if sps.poc_type == 0:
            most, least = (0, 0) if head.idr else self._previous_poc
            cycle = 1 << sps.poc_lsb_bits
            if head.poc_lsb < least and least - head.poc_lsb >= cycle // 2:
                most += cycle
            elif head.poc_lsb > least and head.poc_lsb - least > cycle // 2:
                most -= cycle
            if head.ref:
                self._previous_poc = most, head.poc_lsb
            return most + head.poc_lsb + min(0, head.poc_delta[1])
        if head.idr:
            self._frame_num_offset = 0
        elif self._previous_frame_num > head.frame_num:
            self._frame_num_offset += 1 << sps.frame_num_bits
        number = self._frame_num_offset + head.frame_num
        if sps.poc_type == 2:
            return 2 * number - (not head.ref)
        return self._order_in_cycle(head, number)

    def _order_in_cycle(self, head: SliceHeader, number: int) -> int:
        """8.2.1.2."""
        other, cycle = head.sps.poc_cycle
        number = number if cycle else 0
        if not head.ref and number > 0:
            number -= 1
        expected = 0
        if number > 0:
            rounds, within = divmod(number - 1, len(cycle))
            expected = rounds * sum(cycle) + sum(cycle[: within + 1])
        return expected + (0 if head.ref else other) + head.poc_delta[0]
