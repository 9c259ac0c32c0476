"""The task of a worker process: embed the videos of a block and write its part to the disk."""

import json
import logging
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cmvl_mm.checkpoints.resolve import CheckpointError, resolve_checkpoint
from cmvl_mm.embedding.block_plan import Block
from cmvl_mm.embedding.clip_settings import ClipSettings, SettingsError
from cmvl_mm.embedding.embeddings import EmbeddingsError, EmbeddingsMeta, Failure
from cmvl_mm.embedding.network_plan import NetworkPlan
from cmvl_mm.embedding.part_file import PartFacts, write_part
from cmvl_mm.embedding.parts_folder import part_path
from cmvl_mm.embedding.parts_manifest import REMEDY, read_manifest
from cmvl_mm.embedding.same_rows import require_same
from cmvl_mm.embedding.video_rows import VideoRows
from cmvl_mm.files.digest import sha256_of

if TYPE_CHECKING:  # takes seconds, and the process that hands out blocks does not need it
    from cmvl_mm.embedding.network import Network

UNUSABLE = CheckpointError, SettingsError, KeyError, TypeError
"""Errors of config and weights from which no machine can build a network."""

_SAME = f'keep the weights of the run under the same path on all machines; or {REMEDY}'


@dataclass(frozen=True)
class NetworkSource:
    """How a worker builds the network of the run."""

    model: str
    sha256: str
    """SHA-256 of the weights file: another file under the same name is another network."""
    build: str
    """`NetworkPlan.build` as JSON."""
    settings: ClipSettings
    config: str | None
    """Config file, as in `NetworkPlan`."""
    device: str
    in_worker: bool
    """Whether it is built in a worker process, whose standard output is not the run's."""

    def plan(self) -> NetworkPlan:
        """The plan of the run, with this machine's weights file."""
        path = resolve_checkpoint(self.model)
        return NetworkPlan(self.model, path, sha256_of(path), json.loads(self.build), self.settings, self.config)


def source_of(plan: NetworkPlan, device: str, *, in_worker: bool) -> NetworkSource:
    """The network of a plan, for workers on any machine."""
    build = json.dumps(plan.build)
    return NetworkSource(plan.name, plan.sha256, build, plan.settings, plan.config, device, in_worker)


@dataclass(frozen=True)
class BlockTask:
    """Embeds blocks; a task for a `Pool`."""

    folder: Path
    meta: EmbeddingsMeta
    """Meta data of the folder's rows."""
    source: NetworkSource

    def __call__(self, block: Block) -> PartFacts:
        """Embed the videos of a block and write its part.

        Raises:
            EmbeddingsError: the part cannot be written, or this machine has other weights than the run or does not see
                its folder.
            The errors of `UNUSABLE`: no machine can build the network.
        """
        from cmvl_mm.embedding.one_video import NamedVideo, embed_videos

        network = self.network()
        root = Path(self.meta.root)
        outcomes = list(embed_videos([NamedVideo(root / name, name) for name in block.paths], network))
        return self.write(block, outcomes)

    def one(self, name: str) -> VideoRows | Failure:
        """Embed a single video and write nothing, to find the video of a block that kills its process."""
        from cmvl_mm.embedding.one_video import embed_video

        return embed_video(Path(self.meta.root) / name, self.network(), name)

    def write(self, block: Block, outcomes: list[VideoRows | Failure]) -> PartFacts:
        """Write the part of a block."""
        channels = 0 if any(isinstance(outcome, VideoRows) for outcome in outcomes) else _channels(self.network())
        return write_part(part_path(self.folder, block.number), block, outcomes, self.meta, channels)

    def network(self) -> 'Network':
        """The network of the run, built once per process."""
        self._require_folder()
        try:
            plan = _plan(self.source)
        except (OSError, ValueError) as error:  # the errors of `resolve_checkpoint`
            raise self._unusable_here(error) from error
        now = plan.meta(self.meta.root)
        check = f'check {plan.path} on {platform.node()}'
        require_same(part_path(self.folder, 0).parent, self.meta, now, f'{check}; {_SAME}')
        try:
            return _built(self.source)
        except OSError as error:
            raise self._unusable_here(error) from error

    def _unusable_here(self, error: Exception) -> EmbeddingsError:
        return EmbeddingsError(f'{self.source.model}: cannot be used on {platform.node()}: {error} Remedy: {_SAME}')

    def _require_folder(self) -> None:
        """Check that the folder is that of the run, and not one with the same name on another machine."""
        try:
            there = read_manifest(self.folder).meta
        except FileNotFoundError:
            there = None
        if there != self.meta:
            what = 'has no manifest' if there is None else 'has the manifest of another run'
            raise EmbeddingsError(
                f'{self.folder}: this folder {what} on {platform.node()}. Remedy: use a folder that all machines share.'
            )


@lru_cache(maxsize=1)
def _plan(source: NetworkSource) -> NetworkPlan:
    return source.plan()


@lru_cache(maxsize=1)
def _built(source: NetworkSource) -> 'Network':
    from cmvl_mm.embedding.network import build_network

    with _result_apart(source.in_worker):
        return build_network(_plan(source), device=source.device)


def _channels(network: 'Network') -> int:
    settings = network.plan.settings
    return network.vectors(np.zeros((1, settings.clip_len, settings.size, settings.size, 3), np.uint8)).shape[1]


@contextmanager
def _result_apart(in_worker: bool) -> Iterator[None]:
    """In a worker, reserve standard output for the result, and show only warnings and errors of MMEngine's log."""
    if not in_worker:
        yield
        return
    from mmengine.logging import MMLogger

    with redirect_stdout(sys.stderr):
        MMLogger.get_current_instance().setLevel(logging.WARNING)
        yield
