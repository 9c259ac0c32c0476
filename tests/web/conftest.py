"""A small collection: four videos whose motion is known, two clips each, and a page over it."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('starlette', reason="needs pip install 'cmvl_mm[web]'")

from cmvl_mm.embedding.embeddings import Embeddings, EmbeddingsMeta
from cmvl_mm.video.encode import write_video
from cmvl_mm.web.app import Settings
from cmvl_mm.web.collection import Collection
from cmvl_mm.web.guard import allowed_hosts

FRAMES = 24
NAMES = ('a/red.mp4', 'a/<b>&"x.mp4', 'b/green.mp4', 'b/blue.mp4')


def made_frames(number: int) -> np.ndarray:
    """(24, 96, 128, 3): a bright textured square that moves 2 px a frame to the right, over a colour of its own."""
    rng = np.random.default_rng(number)
    square = rng.integers(100, 255, (32, 32, 3), np.uint8)
    frames = np.full((FRAMES, 96, 128, 3), 40 * number, np.uint8)
    for t in range(FRAMES):
        frames[t, 32:64, 16 + 2 * t : 48 + 2 * t] = square
    return frames


def made_embeddings(root: Path) -> Embeddings:
    """Two clips of a second and less for each name; vectors of one label lie near each other."""
    paths = [name for name in NAMES for _ in range(2)]
    starts = np.array([0.0, 0.48] * len(NAMES))
    labels = np.empty(len(paths), object)
    labels[:] = [path[0] for path in paths]
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(paths), 8)) * 0.1 + [np.eye(8)[ord(path[0]) - ord('a')] for path in paths]
    meta = EmbeddingsMeta(
        root=str(root), model='none', sha256='0' * 64, network={}, clip_len=12, frame_interval=1, clips=2, every=None,
        past_end='loop', size=64, resize_short=64, version='0',
    )  # fmt: skip
    return Embeddings(np.array(paths), starts, starts + 0.48, labels, vectors.astype(np.float32), meta)


@pytest.fixture(scope='session')
def collection(tmp_path_factory) -> Collection:
    root = tmp_path_factory.mktemp('collection')
    for number, name in enumerate(NAMES):
        write_video(made_frames(number), root / name)
    return Collection(made_embeddings(root))


@pytest.fixture
def settings(collection, tmp_path) -> Settings:
    """Of a page whose network says that every video is like row 5."""
    logs = tmp_path / 'run' / '20260101_000000' / 'vis_data'
    logs.mkdir(parents=True)
    rows = [f'{{"loss": {9 - step / 100}, "lr": 0.1, "acc": 0.5, "step": {step}}}' for step in range(1, 801)]
    (logs / 'scalars.json').write_text('\n'.join([*rows, '{"accuracy/top1": 0.75, "step": 1}']))
    return Settings(
        title='features.parquet',
        collection=collection,
        embed_video=lambda path: collection.found.vectors[[5, 5]],
        hosts=allowed_hosts('127.0.0.1', ['page.example']),
        work_dir=tmp_path / 'run',
        max_upload=1 << 20,
    )
