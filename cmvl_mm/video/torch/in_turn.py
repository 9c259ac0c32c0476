"""A data set over a list of videos, each read from start to end by one process."""

import os
import warnings
from abc import abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import IterableDataset

from cmvl_mm.video.checks import SettingFault, flag, one_of, shown, whole
from cmvl_mm.video.errors import FrameIndexError, SettingError, VideoError
from cmvl_mm.video.source import Video
from cmvl_mm.video.stream import CompressedVideo
from cmvl_mm.video.torch.share import interleaved, of_torch, rank_and_world_size, share_here, shuffled
from cmvl_mm.video.torch.tensors import Channels, Tensors

OnError = Literal['raise', 'skip']


class SkippedVideoWarning(UserWarning):
    """A video, or the rest of one, that a data set with ``on_error='skip'`` skips."""


class VideosInTurn(IterableDataset[Tensors]):
    """Common base of `VideoDataset` and `GopDataset`.

    Args:
        videos: paths, or the bytes of files; the same list in every process.
        block: edge of the motion grid's cells in pixels, as in `CompressedVideo`.
        channels: position of the channel axis of pictures and vectors, as in `as_tensors`.
        shuffle: shuffle the videos by (seed, epoch); call `set_epoch` before each epoch.
        seed: seed of the order, at least 0.
        interleave: number of videos that each process reads in turn, one item of each, so that neighbours in a batch
            come from several videos.
        on_error: what happens if a video cannot be read: 'raise', or 'skip' the video, or the rest of it, with a
            `SkippedVideoWarning` that names it.
        rank: rank of this process among those that share the videos; None: from torch.distributed if it is initialised.
            If something else divides the items, give rank 0 of world size 1.
        world_size: number of those processes; None likewise.

    Raises:
        ValueError: for invalid settings.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        *,
        block: int | None,
        channels: Channels,
        shuffle: bool,
        seed: int,
        interleave: int,
        on_error: OnError,
        rank: int | None,
        world_size: int | None,
    ) -> None:
        self.videos = _listed(videos)
        one_of('channels', channels, 'last', 'first')
        one_of('on_error', on_error, 'raise', 'skip')
        self.block = None if block is None else whole('block', block, least=1)
        self.channels, self.on_error = channels, on_error
        self.shuffle = flag('shuffle', shuffle)
        self.seed, self.interleave = whole('seed', seed, least=0), whole('interleave', interleave, least=1)
        rank_and_world_size(rank, world_size)
        self._place = rank, world_size
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()  # persistent workers see the next epoch

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch: call it before each epoch, outside the loop over the data loader.

        Raises:
            ValueError: ``epoch`` is not a whole number, or below 0.
        """
        self._epoch.fill_(whole('epoch', epoch, least=0))

    def __getstate__(self) -> dict[str, Any]:
        """State for a spawned worker, where torch.distributed is not initialised."""
        return self.__dict__ | (dict(_place=of_torch() or self._place) if self._place == (None, None) else {})

    def __iter__(self) -> Iterator[Tensors]:
        key = self.seed, int(self._epoch)
        numbers = shuffled(len(self.videos), *key) if self.shuffle else list(range(len(self.videos)))
        here = share_here(*rank_and_world_size(*self._place))
        return interleaved((self._read(number, key, here) for number in self._of_share(numbers, here)), self.interleave)

    def _of_share(self, numbers: list[int], here: slice) -> list[int]:
        """The videos that this process reads."""
        return numbers[here]

    def _read(self, number: int, key: tuple[int, int], here: slice) -> Generator[Tensors, None, None]:
        name, done = '', 0
        try:
            with CompressedVideo(self.videos[number], self.block) as video:
                name = video.path
                seconds = video.timestamps
                for item, indices in self._items(video, (*key, number + 1), here):
                    yield item | dict(seconds=torch.from_numpy(np.asarray(seconds[indices])), path=name, video=number)
                    done += 1
        except (SettingError, FrameIndexError):
            raise  # the fault of a request, not of the video
        except VideoError as error:
            if self.on_error == 'raise':
                raise
            what = f'the rest of {error.path} is left out after {done} items' if done else f'{error.path} is left out'
            warnings.warn(f'{what}: {error}', SkippedVideoWarning, stacklevel=2)

    @abstractmethod
    def _items(
        self, video: CompressedVideo, key: tuple[int, int, int], here: slice
    ) -> Iterator[tuple[Tensors, npt.NDArray[np.integer]]]:
        """Items of one video, each with the display indices of its frames; ``key`` seeds the shuffling."""


def _listed(videos: Sequence[Video]) -> list[Video]:
    """The videos as a list. Raises SettingFault if they are none."""
    if isinstance(videos, str | bytes | bytearray | os.PathLike):
        raise SettingFault(f'videos is one {type(videos).__name__}', 'Give a list, even for one video')
    if isinstance(videos, Set | Mapping) or not isinstance(videos, Iterable):
        raise SettingFault(f'videos is {shown(videos)}', 'Give a list of paths, in the same order in every process')
    found = list(videos)
    if not found:
        raise SettingFault('videos is an empty list', 'Give at least one path')
    for number, video in enumerate(found):
        if not isinstance(video, bytes | bytearray) and not (isinstance(video, str | os.PathLike) and os.fspath(video)):
            raise SettingFault(f'videos[{number}] is {shown(video)}', 'Give a path, or the bytes of a file')
    return found
