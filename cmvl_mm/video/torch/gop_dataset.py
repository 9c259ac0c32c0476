"""A data set of the groups of pictures in a list of videos."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Literal

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.checks import flag, one_of
from cmvl_mm.video.directions import Directions, Normalise
from cmvl_mm.video.residual import Bits
from cmvl_mm.video.residual_reader import ResidualReader
from cmvl_mm.video.settings import check_bits, check_directions
from cmvl_mm.video.source import Video
from cmvl_mm.video.stream import CompressedVideo
from cmvl_mm.video.torch.in_turn import OnError, VideosInTurn
from cmvl_mm.video.torch.share import shuffled
from cmvl_mm.video.torch.tensors import Channels, Tensors, as_tensors, tensor_of

Split = Literal['videos', 'gops']


class GopDataset(VideosInTurn):
    """Groups of pictures: each is a key frame, and the motion of the frames from it up to the next one.

    An item is a dict of tensors for n frames in display order:

    | key | holds |
    |---|---|
    | ``iframe`` | uint8 (H, W, 3): the picture of the key frame |
    | ``motion`` | dict of ``vectors``, int16 (n, Hb, Wb, 2), ``valid``, bool (n, Hb, Wb), and more: see `as_tensors` |
    | ``future`` | the same for vectors to the future, with ``directions='both'`` |
    | ``residual`` | dict of ``y``, ``u``, ``v``, ``motion`` and ``exact``, if requested |
    | ``indices`` | int64 (n,): display indices |
    | ``seconds`` | float64 (n,): when the frames are shown; NaN if the stream does not say |
    | ``path`` | path of the video |
    | ``video`` | index of the video in the list |

    Groups differ in length: use ``DataLoader(dataset, batch_size=None)``, or a ``collate_fn`` that pads or cuts them.
    Frames before the first key frame belong to no group.

    Every item comes once per epoch, for any number of workers and processes.  Processes may get different item counts.

    Args:
        videos: paths, or the bytes of files; the same list in every process.
        residual: whether residuals are wanted, as from `read_residuals`.
        bits: bits of a residual sample, as in `read_residuals`.
        directions: directions of the vectors, as in `CompressedVideo.read`.
        normalise: normalisation of the vectors, as in `CompressedVideo.read`.
        split: what processes share: whole videos, or the groups of each video.  With 'gops' every process opens every
            video, and one long video keeps all of them busy.
        block: edge of the motion grid's cells in pixels, as in `CompressedVideo`.
        channels: position of the channel axis of pictures and vectors, as in `as_tensors`.
        shuffle: shuffle the videos, and the groups of each, by (seed, epoch); call `set_epoch`.
        seed: seed of the order, at least 0.
        interleave: number of videos that each process reads in turn, one item of each, so that neighbours in a batch
            come from several videos.
        on_error: what happens if a video cannot be read: 'raise', or 'skip' the video, or the rest of it, with a
            `SkippedVideoWarning` that names it.
        rank: rank of this process among those that share the videos; None: from torch.distributed if it is initialised.
            If something else divides the items, give rank 0 of world size 1.
        world_size: number of those processes; None likewise.

    Raises:
        ValueError: for invalid settings; from the iterator, `VideoError`.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        *,
        residual: bool = False,
        bits: Bits = 16,
        directions: Directions = 'past',
        normalise: Normalise = None,
        split: Split = 'videos',
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
        one_of('split', split, 'videos', 'gops')
        check_bits(bits)
        check_directions(directions, normalise)
        self.residual = flag('residual', residual)
        self.bits, self.directions, self.normalise, self.split = bits, directions, normalise, split

    def _of_share(self, numbers: list[int], here: slice) -> list[int]:
        return super()._of_share(numbers, here) if self.split == 'videos' else numbers

    def _items(
        self, video: CompressedVideo, key: tuple[int, int, int], here: slice
    ) -> Iterator[tuple[Tensors, npt.NDArray[np.integer]]]:
        keyframes = video.keyframes
        ends = [*keyframes[1:], video.num_frames]
        order = shuffled(len(keyframes), *key) if self.shuffle else list(range(len(keyframes)))
        with ResidualReader(video, self.bits) if self.residual else nullcontext() as residuals:
            if self.split == 'gops':  # the first share of each video goes to another process
                order = order[(here.start + key[-1]) % here.step :: here.step]
            for place in order:
                indices = np.arange(keyframes[place], ends[place])
                frames = video.read(
                    rgb=indices[:1], motion=indices, directions=self.directions, normalise=self.normalise
                )
                tensors = as_tensors(frames, channels=self.channels)
                tensors['iframe'] = tensors.pop('rgb')[0]
                tensors['indices'] = tensor_of(indices, 'indices', self.channels)
                if residuals is not None:
                    tensors['residual'] = as_tensors(residuals.read(indices), channels=self.channels)
                yield tensors, indices
