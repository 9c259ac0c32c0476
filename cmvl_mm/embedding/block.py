"""The task of a worker process: the videos of a block -> its part on the disk."""

import logging
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from cmvl_mm.embedding.block_plan import Block
from cmvl_mm.embedding.embeddings import EmbeddingsError, EmbeddingsMeta, Failure
from cmvl_mm.embedding.network import Network, load_network
from cmvl_mm.embedding.one_video import NamedVideo, embed_video, embed_videos
from cmvl_mm.embedding.part_file import PartFacts, write_part
from cmvl_mm.embedding.parts_folder import part_path
from cmvl_mm.embedding.parts_manifest import REMEDY, read_manifest
from cmvl_mm.embedding.same_rows import require_same
from cmvl_mm.embedding.video_rows import VideoRows


@dataclass(frozen=True)
class NetworkSource:
    """How a worker gets the network of the run."""

    model: str
    sha256: str
    """Of the weights: another file under the same name is another network."""
    config: str | None
    clips: int | None
    every: float | None
    device: str
    in_worker: bool
    """Of a run that has told already what loading tells."""


@dataclass(frozen=True)
class BlockTask:
    """Embeds blocks; for a `Pool`."""

    folder: Path
    meta: EmbeddingsMeta
    """Of the folder's rows."""
    source: NetworkSource

    def __call__(self, block: Block) -> PartFacts:
        """Embed the videos of a block and write its part.

        Raises:
            EmbeddingsError: the part cannot be written, or this machine has other weights than the run or does not see
                its folder.
        """
        network = self.network()
        root = Path(self.meta.root)
        outcomes = list(embed_videos([NamedVideo(root / name, name) for name in block.paths], network))
        return self.write(block, outcomes)

    def one(self, name: str) -> VideoRows | Failure:
        """Embed a single video and write nothing: to find out which one of a block kills its process."""
        return embed_video(Path(self.meta.root) / name, self.network(), name)

    def write(self, block: Block, outcomes: list[VideoRows | Failure]) -> PartFacts:
        """Write the part of a block."""
        channels = 0 if any(isinstance(outcome, VideoRows) for outcome in outcomes) else _channels(self.network())
        return write_part(part_path(self.folder, block.number), block, outcomes, self.meta, channels)

    def network(self) -> Network:
        """That of the run, loaded once in a process."""
        self._require_folder()
        remedy = f'the weights that the run began with, under one path on all machines; or {REMEDY}'
        try:
            network = _loaded(self.source)
        except (OSError, ValueError) as error:  # those of `load_network`
            raise EmbeddingsError(
                f'{self.source.model}: cannot be used on {platform.node()}: {error} Remedy: {remedy}'
            ) from error
        now = network.meta(self.meta.root)
        require_same(part_path(self.folder, 0).parent, self.meta, now, f'on {platform.node()}, {remedy}')
        return network

    def _require_folder(self) -> None:
        """The folder of the run, and not one of the same name on another machine."""
        try:
            there = read_manifest(self.folder).meta
        except FileNotFoundError:
            there = None
        if there != self.meta:
            what = 'has no manifest of' if there is None else 'has the manifest of another run than'
            raise EmbeddingsError(
                f'{self.folder}: on {platform.node()}, it {what} this run. Remedy: a folder that all machines share.'
            )


@lru_cache(maxsize=1)
def _loaded(source: NetworkSource) -> Network:
    with _quiet(source.in_worker):
        return load_network(
            source.model, config=source.config, clips=source.clips, every=source.every, device=source.device
        )


def _channels(network: Network) -> int:
    settings = network.settings
    return network.vectors(np.zeros((1, settings.clip_len, settings.size, settings.size, 3), np.uint8)).shape[1]


@contextmanager
def _quiet(in_worker: bool) -> Iterator[None]:
    """In a worker: the parent has told what loading tells, and standard output is for the parent's result."""
    if not in_worker:
        yield
        return
    from mmengine.logging import MMLogger

    logging.getLogger('cmvl_mm.hub').setLevel(logging.ERROR)
    with redirect_stdout(sys.stderr):
        MMLogger.get_current_instance().setLevel(logging.WARNING)
        yield
