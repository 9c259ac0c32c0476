"""The request of a preparation: sources, destination and settings, checked before any work."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cmvl_mm.prepare.official import DATASETS
from cmvl_mm.prepare.suffixes import SUFFIXES
from cmvl_mm.video.encode import PROFILES


class PrepareError(ValueError):
    """Videos cannot be prepared as requested; the message names path, value and remedy."""


class RequestError(PrepareError):
    """The request contradicts itself; nothing has been read yet."""


@dataclass(frozen=True)
class PrepareRequest:
    """The settings of a preparation. Raises RequestError if they contradict each other."""

    src: Path
    """A folder, searched with all subfolders, or an annotation list."""
    dst: Path
    """Folder for the result, outside the sources."""
    list_root: Path | None = None
    """Folder of a list's videos; None: the folder of the list."""
    profile: str = 'paper'
    """Name of a profile of `PROFILES`."""
    workers: int | None = None
    """Number of processes; None: one per core of this machine or of the cluster."""
    shard: tuple[int, int] = (1, 1)
    """(i, n): the ith of n parts, counted from 1."""
    flow: bool = False
    """Whether to compute TV-L1 optical flow of each video as well."""
    dataset: str | None = None
    """Name of a data set of `DATASETS` whose lists are written as well; None writes none."""
    lists: Path | None = None
    """Folder of the data set's own lists."""
    own_lists: bool = False
    """Whether the lists were changed on purpose: then they are not checked."""
    engine: Literal['process', 'ray'] = 'process'
    """Where the workers run: on this machine, or on a Ray cluster."""
    address: str | None = None
    """Address of the cluster, HOST:PORT or 'auto'; None starts a cluster here for the run."""

    def __post_init__(self) -> None:
        fault = self._fault()
        if fault is not None:
            raise RequestError(fault)

    def _fault(self) -> str | None:
        index, count = self.shard
        src, dst = self.src.resolve(), self.dst.resolve()
        finished = src == dst and (dst / 'profile.txt').is_file()
        if not self.src.exists():
            return f'{self.src}: there is no such folder or list. Remedy: check the path.'
        if self.src.is_file() and self.src.suffix.lower() in SUFFIXES:
            return f'{self.src}: this is one video, not a folder or a list. Remedy: call cmvl_mm.reencode.'
        if self.profile not in PROFILES:
            return f'profile {self.profile!r} is not one of {", ".join(sorted(PROFILES))}'
        if self.dataset is not None and self.dataset not in DATASETS:
            return f'data set {self.dataset!r} is not one of {", ".join(sorted(DATASETS))}'
        if self.src.is_dir() and self.list_root is not None:
            return f'root={self.list_root} needs an annotation list, but {self.src} is a folder. Remedy: omit root.'
        if (self.dataset is None) != (self.lists is None) or (self.own_lists and self.dataset is None):
            return 'dataset needs lists, lists needs dataset, and own_lists needs both'
        if self.dataset is not None and not self.src.is_dir():
            return f'dataset={self.dataset} needs a folder of videos, but {self.src} is a list'
        if self.engine not in ('process', 'ray'):
            return f'engine {self.engine!r} is not one of process, ray'
        if self.address is not None and self.engine != 'ray':
            return f'address={self.address} needs the engine ray. Remedy: choose the engine ray, or omit the address.'
        if self.engine == 'ray' and count != 1:
            return f'shard {index}/{count} and the engine ray exclude each other: Ray itself distributes the videos'
        if self.workers is not None and self.workers < 1:
            return f'workers={self.workers} must be at least 1'
        if not 1 <= index <= count:
            return f'shard {index}/{count} is not I/N with 1 <= I <= N'
        if dst.is_relative_to(self.root.resolve()) and not finished:
            return (
                f'{self.dst} lies inside {self.root}: results would be prepared again. Remedy: choose another folder.'
            )
        return None

    @property
    def root(self) -> Path:
        """Folder to which the paths of videos are relative."""
        return self.list_root or (self.src if self.src.is_dir() else self.src.parent)

    @property
    def motion(self) -> Literal['vectors', 'flow']:
        """The kind of motion that a ready video must have."""
        return 'flow' if self.flow else 'vectors'

    @property
    def list_name(self) -> str:
        """Name of the list that is written, without suffix."""
        return 'all' if self.src.is_dir() else self.src.stem

    @property
    def report_path(self) -> Path:
        """Path of the report on the outcome of each video."""
        index, count = self.shard
        name = self.list_name + ('' if count == 1 else f'_{index}of{count}')
        return self.dst / ('report.json' if name == 'all' else f'report_{name}.json')
