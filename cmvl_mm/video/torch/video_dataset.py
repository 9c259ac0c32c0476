"""A data set of the batches, or frames, of a list of videos."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.checks import SettingFault, one_of, whole
from cmvl_mm.video.directions import Directions, Normalise
from cmvl_mm.video.residual import Bits
from cmvl_mm.video.settings import check_bits, check_directions, check_kinds
from cmvl_mm.video.source import Video
from cmvl_mm.video.stream import CompressedVideo
from cmvl_mm.video.torch.in_turn import OnError, VideosInTurn
from cmvl_mm.video.torch.tensors import Channels, Tensors, as_tensors, rows


class VideoDataset(VideosInTurn):
    """Reads videos from start to end, as `CompressedVideo.iterate` does, in bounded memory.

    An item is a dict: the result of `as_tensors` for a `Batch`, and

    | key | holds |
    |---|---|
    | ``seconds`` | float64 (n,): when the frames are shown; NaN if the stream does not say |
    | ``path`` | path of the video |
    | ``video`` | index of the video in the list |

    Batches have up to ``batch`` frames of one video: use ``DataLoader(dataset, batch_size=None)``.  With
    ``items='frames'`` an item is one frame: tensors lack their first axis, and ``index`` replaces ``indices``.  A data
    loader may then form its own batches, of videos of one size.

    Every item comes once per epoch, for any number of workers and processes: each reads whole videos.  So processes
    may get different numbers of items.

    Args:
        videos: paths, or the bytes of files; the same list in every process.
        items: 'batches' or 'frames'.
        rgb, motion, residual, directions, normalise, bits, batch, step: as in `CompressedVideo.iterate`; ``batch``
            frames are decoded together, for either kind of item.
        block, channels, shuffle, seed, interleave, on_error, rank, world_size: as in `GopDataset`.

    Raises:
        ValueError: for invalid settings; from the iterator, `VideoError`.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        *,
        items: Literal['batches', 'frames'] = 'batches',
        rgb: bool | Literal['keyframes'] = False,
        motion: bool = False,
        residual: bool = False,
        directions: Directions = 'past',
        normalise: Normalise = None,
        bits: Bits = 16,
        batch: int = 32,
        step: int = 1,
        block: int | None = None,
        channels: Channels = 'last',
        shuffle: bool = False,
        seed: int = 0,
        interleave: int = 1,
        on_error: OnError = 'raise',
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        super().__init__(
            videos,
            block=block,
            channels=channels,
            shuffle=shuffle,
            seed=seed,
            interleave=interleave,
            on_error=on_error,
            rank=rank,
            world_size=world_size,
        )
        one_of('items', items, 'batches', 'frames')
        check_kinds(rgb=rgb, motion=motion, residual=residual)
        if items == 'frames' and rgb == 'keyframes':
            reason = 'items is "frames" and rgb "keyframes": most frames would lack a picture'
            raise SettingFault(reason, 'Use GopDataset, or rgb=True')
        check_bits(bits)
        check_directions(directions, normalise)
        self.items, self.rgb, self.motion, self.residual = items, rgb, motion, residual
        self.directions, self.normalise, self.bits = directions, normalise, bits
        self.batch, self.step = whole('batch', batch, least=1), whole('step', step, least=1)

    def _items(
        self, video: CompressedVideo, key: tuple[int, int, int], here: slice
    ) -> Iterator[tuple[Tensors, npt.NDArray[np.integer]]]:
        batches = video.iterate(
            rgb=self.rgb,
            motion=self.motion,
            residual=self.residual,
            directions=self.directions,
            normalise=self.normalise,
            bits=self.bits,
            batch=self.batch,
            step=self.step,
        )
        for batch in batches:
            tensors = as_tensors(batch, channels=self.channels)
            if self.items == 'batches':
                yield tensors, batch.indices
                continue
            tensors['index'] = tensors.pop('indices')
            tensors.pop('rgb_indices', None)
            for number, row in zip(batch.indices, rows(tensors, len(batch.indices)), strict=True):
                yield row, number
