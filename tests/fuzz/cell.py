"""A process that reads damaged files one by one and may die, hang or swell without harm to the rest."""

import logging
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

import numpy as np
from damage import KINDS, damage
from oracle import Judgement, plain_decode
from sources import FORMATS, Source
from victim import judge, limit_memory, read

HANG = 10.0  # s a file
SWELL = 512 << 20  # bytes a file; sound ones take 1 MiB


@dataclass(frozen=True)
class Recipe:
    """All that a damaged file depends on."""

    name: str
    """Kind of file: a key of `FORMATS`."""
    kind: str
    """Of damage: a key of `KINDS`."""
    seed: int
    number: int

    def __str__(self) -> str:
        return f'{self.name}:{self.kind}:{self.seed}:{self.number}'

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `mpeg4_avi:garbled:0:17`."""
        name, kind, seed, number = text.split(':')
        return cls(name, kind, int(seed), int(number))

    def path(self, folder: Path) -> Path:
        """Where the damaged file lies."""
        return folder / f'{self.name}_{self.kind}_{self.seed}_{self.number}{FORMATS[self.name][0]}'

    def generator(self) -> np.random.Generator:
        """Of the damage first, of the places read then."""
        return np.random.default_rng([self.seed, self.number, [*FORMATS].index(self.name), [*KINDS].index(self.kind)])


@dataclass(frozen=True)
class Outcome:
    """What became of one damaged file."""

    recipe: Recipe
    broken: tuple[str, ...]
    """Promises that the reader broke."""
    refused: tuple[str, ...] = ()
    """Stages of its errors."""
    verified: bool = False
    """It decodes from end to end without a flag."""
    handed_out: int = 0
    """Different frames and vector grids that were read."""
    wrong: int = 0
    """Those that no frame of the sound video equals."""
    seconds: float = 0.0
    growth: int = 0
    """Bytes."""


def examine(recipe: Recipe, sources: dict[str, list[Source]], folder: Path) -> Outcome:
    """Make the file, read it, and judge what came out."""
    rng = recipe.generator()
    variants = sources[recipe.name]
    source = variants[rng.integers(len(variants))]
    path = recipe.path(folder)
    damage(recipe.kind, source, path, rng)
    reading = read(path, rng)
    counts = judge(reading, plain_decode(path), _sound(source.path))
    broken = [f'raised {fault}' for fault in reading.faults]
    if counts['flagged']:
        broken.append(f'{counts["flagged"]} frames handed out that FFmpeg flagged')
    if reading.growth > SWELL:
        broken.append(f'took {reading.growth / 1e6:.0f} MB')
    del counts['flagged']
    measured = dict(verified=reading.verified, seconds=reading.seconds, growth=reading.growth)
    return Outcome(recipe, tuple(broken), tuple(reading.stages), **counts, **measured)


class Cell:
    """A child process that examines files; replaced when it does not survive one.

    Args:
        sources: the sound videos.
        folder: where the damaged ones are written.
        deed: what the child does with a recipe; another one for the tests of this class.
    """

    def __init__(self, sources: dict[str, list[Source]], folder: Path, deed: Callable[..., Outcome] = examine) -> None:
        self.arguments = sources, folder, deed
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def examine(self, recipe: Recipe) -> Outcome:
        """The outcome, whatever happens to the process."""
        self.pipe.send(recipe)
        if not self.pipe.poll(HANG):
            outcome = Outcome(recipe, (f'no answer within {HANG:.0f} s',), seconds=HANG)
        else:
            try:
                return self.pipe.recv()
            except EOFError:
                self.process.join()
                outcome = Outcome(recipe, (f'the process died with {self.process.exitcode}',))
        self._end()
        self._start()
        return outcome

    def _start(self) -> None:
        spawn = multiprocessing.get_context('spawn')
        self.pipe, theirs = spawn.Pipe()
        self.process = spawn.Process(target=_serve, args=(theirs, *self.arguments), daemon=True)
        self.process.start()
        theirs.close()
        self.pipe.recv()  # it is ready: its start is not the first file's time

    def _end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


def _serve(pipe: Connection, sources: dict[str, list[Source]], folder: Path, deed: Callable[..., Outcome]) -> None:
    limit_memory()
    logging.disable()  # that a stream has no stamps is no news here
    pipe.send('ready')
    while True:
        try:
            recipe = pipe.recv()
        except EOFError:
            return
        pipe.send(deed(recipe, sources, folder))


@cache
def _sound(path: Path) -> Judgement:
    return plain_decode(path)
