"""Which of FFmpeg's motion-vector records are real, and where they belong.

Legend: m records of type `cmvl_mm.video.columns.RECORD`.
"""

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.claims import Trust
from cmvl_mm.video.columns import Columns
from cmvl_mm.video.macroblocks import Kinds

Records = npt.NDArray[np.void]
Mask = npt.NDArray[np.bool_]

_MACROBLOCK = 16  # px


def without_phantoms(blocks: Columns, frame: npt.NDArray[np.int32]) -> Mask:
    """(m,) mask of the vectors to the past, without the parts of H.264's B-macroblocks that may not use list 0.

    FFmpeg exports both lists for all parts of a macroblock if any part uses each; a part that does not use list 0 then
    has the vector (0, 0). A zero is only certain if the block is whole, or if there is no record of the other list.

    Args:
        blocks: blocks of several frames.
        frame: (m,) frame that each block belongs to.
    """
    past = blocks.past
    parts = np.flatnonzero(blocks.width + blocks.height < 2 * _MACROBLOCK)  # usually few
    is_past = past[parts]
    here = parts[is_past]
    doubtful = here[blocks.motions[here] == 0]
    others = parts[~is_past]
    if not len(doubtful) or not len(others):
        return past
    both = np.concatenate([doubtful, others])
    left, top = (blocks.x[both].astype(np.int64), blocks.y[both].astype(np.int64))
    left, top = (left - left.min()) // 4, (top - top.min()) // 4  # centres are 4 px apart
    place = (frame[both] * (top.max() + 1) + top) * (left.max() + 1) + left
    has_other = np.zeros(place.max() + 1, np.bool_)
    has_other[place[len(doubtful) :]] = True
    past = past.copy()
    past[doubtful[has_other[place[: len(doubtful)]]]] = False
    return past


def without_fields(blocks: Columns, frame: npt.NDArray[np.int32]) -> Mask:
    """(m,) mask of the vectors to the past, without MPEG-4's field macroblocks, the only ones of 16x8 px: FFmpeg
    doubles their lines twice.
    """
    fields = blocks.width > blocks.height
    return blocks.past & ~fields if fields.any() else blocks.past


def without_unsure_zeros(records: Records, kinds: Kinds | None) -> Records:
    """WMV2's records without zeros of macroblocks that are not skipped: FFmpeg exports a zero for each intra block."""
    unsure = (records['motion_x'] == 0) & (records['motion_y'] == 0)
    if kinds is not None:
        unsure &= ~kinds.skipped[records['dst_y'] // _MACROBLOCK, records['dst_x'] // _MACROBLOCK]
    return records[~unsure]


def in_frame_lines(records: Records, kinds: Kinds, trusted: Trust) -> Records:
    """Records of an interlaced frame of H.264 or MPEG-2, in frame lines; records that cannot be converted are left out.

    A field macroblock covers every second line of a pair of macroblocks. FFmpeg doubles the vectors of split
    macroblocks, but not those of 16x16 and 8x8 blocks. A vector to the field of the other parity is off by one line,
    and the record does not tell.
    """
    row, column = records['dst_y'] // _MACROBLOCK, records['dst_x'] // _MACROBLOCK
    field = kinds.field[row, column]
    if not field.any():
        return records
    keep = ~field
    if trusted == Trust.ALL:
        keep[:] = True
    elif trusted == Trust.SKIPPED:
        keep |= kinds.skipped[row, column]
    records, field, row = records[keep], field[keep], row[keep]
    records['motion_y'][field & (records['w'] == records['h'])] *= 2
    within = records['dst_y'] % _MACROBLOCK
    records['dst_y'] = np.where(field, row // 2 * (2 * _MACROBLOCK) + 2 * within, records['dst_y'])
    records['h'][field] *= 2
    return records


def of_list_1(records: Records) -> Records:
    """Records with their lists swapped: list 1 counts as the past."""
    records = records.copy()
    records['source'] *= -1
    return records


def shifted(records: Records, left: int, top: int) -> Records:
    """Records in the coordinates of a picture cropped by these numbers of pixels."""
    records = records.copy()
    records['dst_x'] -= left
    records['dst_y'] -= top
    return records
