"""Embeds the clips of videos: the one function that all callers below `cmvl embed` use."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from cmvl_mm.datasets.sampling import VideoTooShort
from cmvl_mm.embedding.clip_batches import ClipBatches, Vector
from cmvl_mm.embedding.clip_reader import ClipReader
from cmvl_mm.embedding.clip_settings import Clips
from cmvl_mm.embedding.embeddings import Failure
from cmvl_mm.embedding.network import Network
from cmvl_mm.embedding.video_rows import VideoRows
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.once import read_once


class NamedVideo(NamedTuple):
    """A video and its name in a failure."""

    path: Path
    name: str


def embed_video(path: str | Path, network: Network, name: str | None = None) -> VideoRows | Failure:
    """Compute the vectors of a video's clips.

    Args:
        path: path of any video that the reader reads.
        network: the network that embeds.
        name: name of the video in a failure; the path by default.
    """
    (outcome,) = embed_videos([NamedVideo(Path(path), str(path) if name is None else name)], network)
    return outcome


def embed_videos(videos: Iterable[NamedVideo], network: Network) -> Iterator[VideoRows | Failure]:
    """Compute the vectors of each video's clips, or the reason for their absence, in the order of the videos.

    Clips of neighbouring videos share batches, so the network always gets full ones; only the last is smaller. One
    thread reads and runs the network, and torch uses only that thread: several concurrent callers use the cores, one
    decoding while another's network runs. The same videos in the same order give the same bits, whatever runs at the
    same time; in another order, the same numbers up to rounding. (On a CPU, the networks of the zoo gave the same bits
    for batches of 1 to 16 clips; a 3D ResNet of 26 layers differed by 1e-7.) Pictures are rotated as the file says.

    Args:
        videos: read one after the other.
        network: the network that embeds.
    """
    batches = ClipBatches(network)
    begun: deque[_Begun] = deque()
    for video in videos:
        with _one_thread():
            begun.append(_read(video, network, batches))
        while begun and begun[0].is_whole:
            yield begun.popleft().outcome()
    with _one_thread():
        batches.flush()
    for one in begun:
        yield one.outcome()


@dataclass
class _Begun:
    """A video that was read, and whose vectors may still be missing."""

    name: str
    read: Clips | Failure
    vectors: list[Vector] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return isinstance(self.read, Failure) or len(self.vectors) == len(self.read.starts)

    def outcome(self) -> VideoRows | Failure:
        if isinstance(self.read, Failure):
            return self.read
        vectors = np.stack(self.vectors)
        if not np.isfinite(vectors).all():
            return Failure(
                self.name, 'network', 'a vector is not finite', 'Use weights of a training that did not diverge'
            )
        return VideoRows(self.read.starts, self.read.ends, vectors, self.read.stretched)


def _read(video: NamedVideo, network: Network, batches: ClipBatches) -> _Begun:
    vectors: list[Vector] = []
    reader = ClipReader(network.plan.settings, lambda clips: batches.add(clips, vectors), lambda: batches.drop(vectors))
    try:
        read_once(str(video.path), reader.choose, reader.use)
        return _Begun(video.name, reader.clips, vectors)
    except VideoTooShort as error:
        failure = Failure(video.name, 'length', str(error), "Use a config whose clips have past_end='repeat_last'")
    except VideoError as error:
        failure = Failure(video.name, error.stage, error.reason, error.remedy)
    batches.drop(vectors)
    return _Begun(video.name, failure)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit torch to this thread: concurrent videos use the cores, and sums keep their order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
