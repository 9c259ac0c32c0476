"""One video -> a vector for each of its clips: read once, cropped frame by frame, a few clips in memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from cmvl_mm.datasets.geometry import centre_box, crop_resize
from cmvl_mm.datasets.sampling import VideoTooShort
from cmvl_mm.video.display import Orientation
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.once import Rgb, Timeline, read_once
from cmvl_mm.workflows.clip_settings import Clips, ClipSettings
from cmvl_mm.workflows.embeddings import Failure
from cmvl_mm.workflows.network import CLIPS_PER_FORWARD, Network

Pictures = npt.NDArray[np.uint8]


class VideoRows(NamedTuple):
    """The rows of one video, by rising start."""

    starts: npt.NDArray[np.float64]
    """(n,) seconds."""
    ends: npt.NDArray[np.float64]
    """(n,) seconds."""
    vectors: npt.NDArray[np.float32]
    """(n, C)"""
    stretched: bool
    """Whether the video is shorter than a clip, so that frames repeat."""


def embed_video(path: str | Path, network: Network, name: str | None = None) -> VideoRows | Failure:
    """The vectors of a video's clips; a function of the file and the network alone.

    torch runs on one thread meanwhile, and no other video shares a batch: the same file gives the same bits, whatever
    runs beside it. Pictures are turned as the file says that they are shown.

    Args:
        path: of the video, of any kind that the reader reads.
        network: what embeds.
        name: of the video in a failure; the path by default.
    """
    name = str(path) if name is None else name
    parts: list[npt.NDArray[np.float32]] = []
    reader = _ClipReader(network.settings, lambda clips: parts.append(network.vectors(clips)), parts.clear)
    try:
        with _one_thread():
            read_once(str(path), reader.choose, reader.use)
    except VideoTooShort as error:
        return Failure(name, 'length', str(error), "A config whose clips have past_end='repeat_last'")
    except VideoError as error:
        return Failure(name, error.stage, error.reason, error.remedy)
    vectors = np.concatenate(parts)
    if not np.isfinite(vectors).all():
        return Failure(name, 'network', 'a vector is not finite', 'Weights of a training that did not diverge')
    clips = reader.clips
    return VideoRows(clips.starts, clips.ends, vectors, clips.stretched)


class _ClipReader:
    """Takes frames as they come, in display order, and hands on clips, a few at a time and in order.

    Args:
        settings: which clips, and how they are cropped.
        use: gets (n, clip_len, size, size, 3) uint8, n at most `CLIPS_PER_FORWARD`.
        restart: called where all clips come anew.
    """

    clips: Clips

    def __init__(self, settings: ClipSettings, use: Callable[[Pictures], None], restart: Callable[[], object]) -> None:
        self._settings = settings
        self._hand_on = use
        self._restart = restart

    def choose(self, timeline: Timeline) -> list[int]:
        """The frames of all clips; for `read_once`."""
        self._restart()
        self.clips = self._settings.choose(timeline)
        frames = self.clips.frames
        self._blocks: dict[int, Pictures] = {}
        self._next = 0  # block to hand on
        self._complete_at = [
            int(frames[begin : begin + CLIPS_PER_FORWARD].max()) for begin in range(0, len(frames), CLIPS_PER_FORWARD)
        ]
        flat = frames.reshape(-1)
        self._order = np.argsort(flat, kind='stable')  # places in `flat`, by frame
        self._sorted = flat[self._order]
        return np.unique(flat).tolist()

    def use(self, number: int, frame: Rgb, orientation: Orientation) -> None:
        """One wanted frame; for `read_once`."""
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


@contextmanager
def _one_thread() -> Iterator[None]:
    """torch on one thread of this thread's: videos side by side use the cores, and sums keep their order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
