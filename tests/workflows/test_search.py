"""`cmvl_mm.search` and `cmvl search`: by row and by video, against the plainest loop; and what is refused."""

import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import cmvl_mm
from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.search import search
from cmvl_mm.embedding.embed import embed
from cmvl_mm.embedding.embeddings import EmbeddingsError, write_embeddings
from cmvl_mm.models.known_types import TypeNameError


@pytest.fixture
def features(embedded, tmp_path):
    """The file of the videos' rows."""
    write_embeddings(tmp_path / 'features.parquet', embedded)
    return tmp_path / 'features.parquet'


def cosines(vector, found):
    """By a loop."""
    return [float(row @ vector / np.sqrt((row @ row) * (vector @ vector))) for row in found.vectors.astype(np.float64)]


def plain_search(vector, found, k):
    """(path, cosine) of the nearest videos, by their nearest clips."""
    best: dict[str, float] = {}
    for path, cosine in zip(found.paths.tolist(), cosines(vector.astype(np.float64), found), strict=True):
        best[path] = max(cosine, best.get(path, -1.0))
    return sorted(best.items(), key=lambda pair: -pair[1])[:k]


def test_by_row_the_row_itself_comes_first_and_the_rest_as_a_plain_loop_has_it(embedded, features):
    for row in (0, 4, 11):
        found = search(features, row, 3)
        assert (found[0].path, found[0].cosine) == (embedded.paths[row], pytest.approx(1))
        expected = plain_search(embedded.vectors[row], embedded, 3)
        assert [match.path for match in found] == [path for path, _ in expected]
        np.testing.assert_allclose([match.cosine for match in found], [cosine for _, cosine in expected], atol=1e-6)
        assert [match.rank for match in found] == [1, 2, 3]
        every = search(embedded, np.int64(row), 100, clips=True)
        assert sorted(match.row for match in every) == list(range(12))
        wanted = sorted(cosines(embedded.vectors[row].astype(np.float64), embedded), reverse=True)
        np.testing.assert_allclose([match.cosine for match in every], wanted, atol=1e-6)
        others = search(embedded, row, 100, clips=True, others=True)
        assert [match.row for match in others] == [m.row for m in every if m.path != embedded.paths[row]]
    best = search(embedded, 4)[0]
    assert (best.start, best.end, best.label) == (embedded.starts[best.row], embedded.ends[best.row], 'a')


def test_by_video_the_video_itself_comes_first(embedded, features, made_videos, tmp_path):
    for name in ('a/two.mkv', 'b/three.avi'):
        found = search(features, made_videos / name, 10)
        mean = embedded.vectors[embedded.paths == name].mean(axis=0)
        expected = plain_search(mean, embedded, 10)
        assert found[0].path == expected[0][0] == name
        np.testing.assert_allclose([match.cosine for match in found], [cosine for _, cosine in expected], atol=1e-6)
    copy = shutil.copy(made_videos / 'a' / 'two.mkv', tmp_path / 'copy.mkv')
    assert search(features, copy, 1) == search(features, made_videos / 'a' / 'two.mkv', 1)
    assert search(features, copy, 1, others=True)[0].path == 'a/two.mkv'  # another file
    others = search(features, made_videos / 'a' / 'two.mkv', 10, others=True)
    assert sorted(match.path for match in others) == ['a/one.mp4', 'b/short.mp4', 'b/three.avi']


def test_settings_of_the_query_are_those_of_the_file(made_videos, weights, tmp_path):
    """Clips every 0.4 seconds, which no config says."""
    found = embed(made_videos, weights, every=0.4)
    rows = found.paths == 'a/two.mkv'
    assert rows.sum() == 3
    match = search(found, made_videos / 'a' / 'two.mkv', 1)[0]
    assert match.cosine == pytest.approx(plain_search(found.vectors[rows].mean(axis=0), found, 1)[0][1], abs=1e-6)


def test_weights_that_are_gone_or_others_are_refused(embedded, made_videos, make_network, tmp_path, weights):
    gone = dataclasses.replace(embedded, meta=dataclasses.replace(embedded.meta, model=str(tmp_path / 'gone.pth')))
    query = made_videos / 'a' / 'one.mp4'
    with pytest.raises(
        EmbeddingsError,
        match=r'gone\.pth: the weights .* cannot be found.*Remedy: pass the weights that made the file by --model',
    ):
        search(gone, query)
    assert search(gone, query, 1, model=weights) == search(embedded, query, 1)
    with pytest.raises(EmbeddingsError, match=r'have the SHA-256 .*those that made the file have'):
        search(gone, query, model=make_network(1))
    strange = dict(embedded.meta.network, backbone=dict(type='subprocess.run', args=['touch', str(tmp_path / 'ran')]))
    with pytest.raises(TypeNameError):
        search(dataclasses.replace(embedded, meta=dataclasses.replace(embedded.meta, network=strange)), query)
    assert not (tmp_path / 'ran').exists()


def test_queries_that_cannot_be_answered(embedded, made_videos, tmp_path):
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    for query, options, words in (
        (12, {}, r'row 12 does not exist: rows are 0 to 11\. Remedy'),
        (-1, {}, 'row -1'),
        (0, dict(k=0), 'k=0 must be at least 1'),
        (tmp_path / 'none.mp4', {}, r'none\.mp4: there is no such video'),
        (tmp_path, {}, 'this is a folder. Remedy: pass the path of a video'),
        (tmp_path / 'broken.mp4', {}, r'broken\.mp4: open: '),
    ):
        with pytest.raises(SearchError, match=words):
            search(embedded, query, **options)
    alone = embed(made_videos / 'a' / 'one.mp4', embedded.meta.model)
    with pytest.raises(SearchError, match='no other video'):
        search(alone, 0, others=True)


def test_the_command(cmvl, features, made_videos, embedded, tmp_path, monkeypatch):
    told = json.loads(cmvl('search', features, made_videos / 'b' / 'three.avi', '-k', 2, '--json'))
    assert [list(match) for match in told] == [['rank', 'cosine', 'path', 'start', 'end', 'label', 'row']] * 2
    assert told == [match._asdict() for match in search(features, made_videos / 'b' / 'three.avi', 2)]
    lines = cmvl('search', features, '4', '-k', 2, '--clips').splitlines()
    assert lines[0].split() == ['rank', 'cosine', 'seconds', 'label', 'path']
    assert lines[1].split() == ['1', '1.0000', f'{embedded.starts[4]:.1f}-{embedded.ends[4]:.1f}', 'a', 'a/two.mkv']
    assert len(lines) == 3
    assert len(cmvl('search', features, '4', '--others').splitlines()) == 4
    shutil.copy(made_videos / 'b' / 'three.avi', tmp_path / '4')  # a file of that name is meant before the row
    monkeypatch.chdir(tmp_path)
    assert json.loads(cmvl('search', features, '4', '--json'))[0]['path'] == 'b/three.avi'
    assert 'Remedy: create it with `cmvl embed`' in cmvl('search', 'none.parquet', 0, code=1)
    (tmp_path / 'text.parquet').write_text('no Parquet')
    assert 'Remedy: pass a file that `cmvl embed` has written' in cmvl('search', 'text.parquet', 0, code=1)


def test_a_query_by_row_loads_no_network(features):
    code = (
        f'import sys, cmvl_mm; print(cmvl_mm.search({str(features)!r}, 4, 1)[0].path);'
        'print(sorted({"mmaction", "mmengine"} & set(sys.modules)))'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ['a/two.mkv', '[]']
    assert cmvl_mm.search is search
