"""How well the vectors of an encoded video follow its truth."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cmvl_mm.controlled.truth import block_truth
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import write_video
from cmvl_mm.video.motion import MotionField


@dataclass(frozen=True)
class Followed:
    """Vectors found and true ones, px, of videos of several motions."""

    by_motion: dict[str, list[dict[str, tuple[np.ndarray, np.ndarray]]]]

    def pairs(self, part: str, motion: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Found and true (n, 2) of all blocks 'inside' an object or 'outside' all."""
        videos = [video[part] for name, some in self.by_motion.items() for video in some if motion in (None, name)]
        found, true = zip(*videos, strict=True)
        return np.concatenate(found), np.concatenate(true)

    def correlation(self, part: str, motion: str | None = None) -> float:
        found, true = self.pairs(part, motion)
        assert len(found) > 200
        return float(np.corrcoef(found.ravel(), true.ravel())[0, 1])


def encoded_motion(frames: np.ndarray, path: Path) -> MotionField:
    write_video(frames, path, quantiser=4)
    with CompressedVideo(path, block=16) as video:
        return video.read(motion=range(video.num_frames)).motion


@pytest.fixture
def vectors_of(tmp_path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Frames -> (T, 7, 8, 2): the vectors that the benchmark's encoder finds, px."""
    return lambda frames: encoded_motion(frames, tmp_path / 'video.mp4').vectors / 4


@pytest.fixture
def follow(tmp_path: Path) -> Callable[..., Followed]:
    """(maker of a level, [(context, motion)]) -> `Followed`; each cell's video has a seed of its own."""

    def measure(make: Callable, cells: list[tuple[str, str]]) -> Followed:
        followed: dict[str, list] = {}
        for number, (context, motion) in enumerate(cells):
            frames, truth = make((8, number), context, motion)
            field, true = encoded_motion(frames, tmp_path / 'video.mp4'), block_truth(truth)
            parts = {'inside': true.inside & field.valid, 'outside': true.outside & field.valid}
            found = {part: (field.vectors[where] / 4, true.vectors[where]) for part, where in parts.items()}
            followed.setdefault(motion, []).append(found)
        return Followed(followed)

    return measure
