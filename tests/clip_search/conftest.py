"""Folders of parts whose rows are drawn, without a network: clusters, rows that tie, labels, times."""

import numpy as np
import pytest

from cmvl_mm.clip_search.build_index import build_index
from cmvl_mm.embedding.block_plan import Block, digest_of
from cmvl_mm.embedding.embeddings import EmbeddingsMeta
from cmvl_mm.embedding.part_file import write_part
from cmvl_mm.embedding.parts_folder import part_path
from cmvl_mm.embedding.parts_manifest import PartsManifest
from cmvl_mm.embedding.video_rows import VideoRows

META = EmbeddingsMeta('/videos', 'made/up', '0' * 64, {}, 16, 2, 3, None, 'loop', 112, 128, '0.1')
CHANNELS, CLIPS = 24, 3
LABELS = ['run', "it's", None]


def drawn_rows(videos, seed=0):
    """(videos * CLIPS, CHANNELS) of ten clusters; every seventh row is the row before it, twice as long."""
    rng = np.random.default_rng(seed)
    centres, rows = rng.standard_normal((10, CHANNELS)), videos * CLIPS
    vectors = centres[rng.integers(0, 10, rows)] + 0.4 * rng.standard_normal((rows, CHANNELS))
    vectors[6::7] = 2 * vectors[5::7][: len(vectors[6::7])]
    return vectors.astype(np.float32)


def write_folder(folder, vectors, videos_of_part=5):
    """A complete folder of parts: videos of CLIPS clips each, one every two seconds."""
    names = tuple(f'cam{number % 3}/video_{number:04d}.mp4' for number in range(len(vectors) // CLIPS))
    labels = tuple(LABELS[number % 4 % 3] for number in range(len(names)))
    starts = 2.0 * np.arange(CLIPS)
    rows = [VideoRows(starts, starts + 1.5, one, False) for one in vectors.reshape(len(names), CLIPS, -1)]
    (folder / 'parts').mkdir(parents=True)
    manifest = PartsManifest(META, len(names), digest_of(names, labels), videos_of_part, ())
    manifest.write(folder)
    for number in range(manifest.parts):
        here = slice(number * videos_of_part, (number + 1) * videos_of_part)
        block = Block(number, names[here], labels[here])
        write_part(part_path(folder, number), block, rows[here], META, vectors.shape[1])
    return folder


@pytest.fixture(scope='session')
def draw():
    """(videos, seed): rows."""
    return drawn_rows


@pytest.fixture(scope='session')
def write_parts():
    """(folder, vectors, videos_of_part): the folder, written."""
    return write_folder


@pytest.fixture(scope='session')
def folder(tmp_path_factory):
    """600 rows in 40 parts, with both indexes where their libraries are installed; not to be changed."""
    made = write_folder(tmp_path_factory.mktemp('made') / 'features', drawn_rows(200))
    pytest.importorskip('faiss', reason="needs FAISS: pip install 'cmvl_mm[search]'")
    build_index(made)
    try:
        import lancedb  # noqa: F401
    except ImportError:
        return made
    build_index(made, 'lance')
    return made
