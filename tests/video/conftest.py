"""Clips of every structure the reader must cope with, encoded on the spot."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video.seal import Seal, write_seal

sys.path[:0] = [
    str(Path(__file__).parent),
    str(Path(__file__).parents[1] / 'bitstream'),
]  # modules beside

from video_files import VARIANTS, encode_clip  # noqa: E402

NUM_FRAMES = 40


@pytest.fixture(scope='session')
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Name of a variant -> its file, 40 frames of 116x84: neither side a multiple of 8."""
    folder = tmp_path_factory.mktemp('clips')
    # A cut in the middle: encoders that may put an I-frame there that is no key frame.
    frames = np.concatenate(
        [
            make_pan(displacement=(3, -2), num_frames=NUM_FRAMES // 2, height=84, width=116, seed=seed).frames
            for seed in range(2)
        ]
    )

    def clip(name: str) -> Path:
        suffix, codec, options = VARIANTS[name]
        path = folder / f'{name}{suffix}'
        if not path.exists():
            encode_clip(path, frames, codec, options)
            if name == 'mpeg4':  # as `reencode` leaves it
                write_seal(str(path), Seal('test', NUM_FRAMES, 12))
        return path

    return clip


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest, clips: Callable[[str], Path]) -> tuple[Path, bool]:
    """Each clip, and whether its codec exports vectors."""
    return clips(request.param), not request.param.startswith(('vp8', 'hevc'))
