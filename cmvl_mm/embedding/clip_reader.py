"""Reads a video once and crops the pictures of its clips frame by frame, with a few clips in memory."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from cmvl_mm.datasets.geometry import centre_box, crop_resize
from cmvl_mm.embedding.clip_settings import Clips, ClipSettings
from cmvl_mm.embedding.network import CLIPS_PER_FORWARD
from cmvl_mm.video.display import Orientation
from cmvl_mm.video.once import Rgb, Timeline

Pictures = npt.NDArray[np.uint8]


class ClipReader:
    """Receives frames in display order and passes on clips in order, a few at a time.

    Args:
        settings: selection of the clips and their crop.
        use: gets (n, clip_len, size, size, 3) uint8, n at most `CLIPS_PER_FORWARD`.
        restart: called before all clips are passed again.
    """

    clips: Clips

    def __init__(self, settings: ClipSettings, use: Callable[[Pictures], None], restart: Callable[[], object]) -> None:
        self._settings = settings
        self._hand_on = use
        self._restart = restart

    def choose(self, timeline: Timeline) -> list[int]:
        """The frames of all clips; the `choose` of `read_once`."""
        self._restart()
        self.clips = self._settings.choose(timeline)
        frames = self.clips.frames
        self._blocks: dict[int, Pictures] = {}
        self._next = 0  # block to pass on next
        self._complete_at = [
            int(frames[begin : begin + CLIPS_PER_FORWARD].max()) for begin in range(0, len(frames), CLIPS_PER_FORWARD)
        ]
        flat = frames.reshape(-1)
        self._order = np.argsort(flat, kind='stable')  # places in `flat`, by frame
        self._sorted = flat[self._order]
        return np.unique(flat).tolist()

    def use(self, number: int, frame: Rgb, orientation: Orientation) -> None:
        """Receive one wanted frame; the `use` of `read_once`."""
        size, length = self._settings.size, self._settings.clip_len
        height, width = frame.shape[:2]
        box = centre_box(height, width, size / self._settings.resize_short)
        picture = orientation.upright(crop_resize(frame[None], box, False, size)[0])
        begin, end = np.searchsorted(self._sorted, [number, number + 1])
        for place in self._order[begin:end].tolist():
            clip, time = divmod(place, length)
            block, row = divmod(clip, CLIPS_PER_FORWARD)
            if block not in self._blocks:
                rows = min(CLIPS_PER_FORWARD, len(self.clips.frames) - block * CLIPS_PER_FORWARD)
                self._blocks[block] = np.empty((rows, length, size, size, 3), np.uint8)
            self._blocks[block][row, time] = picture
        while self._next < len(self._complete_at) and self._complete_at[self._next] <= number:
            self._hand_on(self._blocks.pop(self._next))
            self._next += 1
