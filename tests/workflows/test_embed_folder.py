"""`cmvl embed -o FOLDER/`: the same parts whatever the shards, whatever is killed, cut off or mixed up."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from hashlib import sha256

import numpy as np
import pyarrow.parquet as pq
import pytest

from cmvl_mm.workflows.embed import embed
from cmvl_mm.workflows.embed_block import BlockTask
from cmvl_mm.workflows.embed_blocks import videos_of_block
from cmvl_mm.workflows.embed_folder import embed_folder
from cmvl_mm.workflows.embeddings import EmbeddingsError
from cmvl_mm.workflows.parts_folder import FolderInUse
from cmvl_mm.workflows.search import search
from cmvl_mm.workflows.shards import Shard, ShardError, shard_of
from cmvl_mm.workflows.stored_rows import read_embeddings
from cmvl_mm.workflows.video_inputs import InputsError

SMALL = dict(workers=0, block_clips=3)
"""In this process, a video a part."""


@pytest.fixture(scope='module')
def whole(made_videos, weights, tmp_path_factory):
    """A folder of four parts."""
    out = tmp_path_factory.mktemp('whole') / 'out'
    embed_folder(made_videos, out, weights, **SMALL)
    return out


def hashes(out):
    """Of every part."""
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (out / 'parts').iterdir()}


def require_rows(out, expected):
    found = read_embeddings(out)
    for column in ('paths', 'starts', 'ends', 'labels', 'vectors'):
        np.testing.assert_array_equal(getattr(found, column), getattr(expected, column))
    assert found.meta == expected.meta


def failures(out):
    with open(out / 'failures.csv', encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))


def test_three_shards_are_one_run_to_the_byte(whole, made_videos, embedded, weights, tmp_path):
    require_rows(whole, embedded)
    out = tmp_path / 'out'
    runs = [embed_folder(made_videos, out, weights, shard=Shard(number, 3), **SMALL) for number in (3, 1, 2)]
    assert [(run.written, run.clips, run.missing) for run in runs] == [(1, 3, 3), (2, 6, 1), (1, 3, 0)]
    assert hashes(out) == hashes(whole)
    assert len(hashes(out)) == 4
    assert json.loads((out / 'manifest.json').read_text()) == json.loads((whole / 'manifest.json').read_text())
    again = embed_folder(made_videos, out, weights, **SMALL)
    assert (again.written, again.skipped) == (0, 4)
    assert {path.name for path in out.iterdir()} == {'parts', 'manifest.json', 'failures.csv', '.lock'}
