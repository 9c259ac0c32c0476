"""`cmvl_mm.embed` and `cmvl embed`: whose features, of which clips, in one file, whatever stops or breaks it."""

import importlib.util
import json
import os
import sys

import numpy as np
import pytest
import torch

import cmvl_mm
from cmvl_mm.clip_search.stored_rows import read_embeddings
from cmvl_mm.embedding import embed as embed_file
from cmvl_mm.embedding.clip_settings import ClipSettings, SettingsError
from cmvl_mm.embedding.embed import embed
from cmvl_mm.embedding.embeddings import EmbeddingsError
from cmvl_mm.embedding.store import EmbedStore
from cmvl_mm.embedding.video_inputs import InputsError
from cmvl_mm.evaluation.features import load_features

NAMES = ['a/one.mp4', 'a/two.mkv', 'b/short.mp4', 'b/three.avi']


def require_same(found, expected):
    for column in ('paths', 'starts', 'ends', 'labels', 'vectors'):
        np.testing.assert_array_equal(getattr(found, column), getattr(expected, column))
    assert found.meta == expected.meta


def test_the_mean_of_a_videos_rows_is_the_feature_that_the_test_compares(
    repository, made_videos, embedded, weights, tmp_path, monkeypatch
):
    (tmp_path / 'gallery.txt').write_text(''.join(f'{name} 0\n' for name in NAMES[:3]))
    (tmp_path / 'query.txt').write_text(f'{NAMES[3]} 0\n')
    monkeypatch.syspath_prepend(str(repository / 'tools'))
    spec = importlib.util.spec_from_file_location('tools_test', repository / 'tools' / 'test.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    words = [
        weights.with_name('config.py'), weights, '--work-dir', tmp_path / 'run', '--dump-features', tmp_path / 'f.npz',
        '--cfg-options', f'test_dataloader.dataset.gallery={tmp_path / "gallery.txt"}',
        f'test_dataloader.dataset.query={tmp_path / "query.txt"}',
        f'test_dataloader.dataset.data_prefix.video={made_videos}',
    ]  # fmt: skip
    monkeypatch.setattr(sys, 'argv', ['test.py', *map(str, words)])
    tool.main()
    tested = load_features(tmp_path / 'f.npz')
    assert [path.removeprefix(f'{made_videos}/') for path in tested.paths] == NAMES
    ours = np.stack([embedded.vectors[embedded.paths == name].mean(axis=0) for name in NAMES])
    assert np.ptp(ours, axis=0).max() > 1e-3  # videos differ
    np.testing.assert_allclose(ours, tested.features, rtol=1e-4, atol=1e-6)


def test_rows_say_which_seconds_of_which_video_they_are(embedded):
    assert embedded.paths.tolist() == [name for name in NAMES for _ in range(3)]
    assert embedded.labels.tolist() == [name[0] for name in NAMES for _ in range(3)]
    one = embedded.paths == 'a/one.mp4'  # 40 frames: a clip may start at 0 to 9
    np.testing.assert_allclose(embedded.starts[one], np.array([1, 4, 7]) / 25)
    np.testing.assert_allclose(embedded.ends[one], np.array([32, 35, 38]) / 25)
    short = embedded.paths == 'b/short.mp4'
    assert (embedded.starts[short], embedded.ends[short]) == (pytest.approx(0), pytest.approx(20 / 25))
    assert np.ptp(embedded.vectors[short], axis=0).max() == 0  # it is one clip, stretched


def test_a_clip_every_so_many_seconds(made_videos, weights, embedded):
    found = embed(made_videos / 'a' / 'two.mkv', weights, every=0.4)  # 55 frames: starts 0 to 24
    np.testing.assert_allclose(found.starts, [0, 0.4, 0.8], atol=2e-3)
    whole = embed(made_videos / 'a', weights, clips=25)
    for row, start in enumerate(found.starts):
        twin = np.flatnonzero((whole.paths == 'two.mkv') & (np.abs(whole.starts - start) < 1e-3))
        np.testing.assert_allclose(found.vectors[row], whole.vectors[twin[0]], rtol=1e-5, atol=1e-6)


def test_vectors_do_not_depend_on_what_runs_beside_and_threads_are_put_back(made_videos, weights, embedded):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        require_same(embed(made_videos, weights, workers=3), embedded)
        alone = embed([made_videos / 'a' / 'two.mkv'], weights, workers=1)
        np.testing.assert_array_equal(alone.vectors, embedded.vectors[embedded.paths == 'a/two.mkv'])
        with embed_file.ThreadPoolExecutor(1) as pool:
            assert pool.submit(torch.get_num_threads).result() == torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


class _Killed(BaseException):
    """What nobody catches."""


@pytest.mark.parametrize('stop', [KeyboardInterrupt, _Killed])
def test_a_stopped_run_resumes(videos, weights, tmp_path, monkeypatch, stop):
    done, is_stopping = [], True
    embed_videos, add = embed_file.embed_videos, EmbedStore.add

    def stopping(videos, network):
        if is_stopping and len(done) == 2:
            raise stop
        done.extend(video.name for video in videos)
        return embed_videos(videos, network)

    def writing(store, rows):
        if stop is KeyboardInterrupt or not any(store.parts.iterdir()):
            add(store, rows)

    monkeypatch.setattr(embed_file, 'embed_videos', stopping)
    monkeypatch.setattr(embed_file, '_PART_SECONDS', 0.0)
    monkeypatch.setattr(EmbedStore, 'add', writing)
    out = tmp_path / 'f.parquet'
    with pytest.raises(stop):
        embed(videos, weights, out, workers=1)
    assert not out.exists()
    kept = 1 if stop is _Killed else 2  # the second was finished, but not written
    assert len(list((tmp_path / 'f.parquet.parts').iterdir())) == kept
    is_stopping = False
    monkeypatch.setattr(EmbedStore, 'add', add)
    found = embed(videos, weights, out)
    assert sorted(done[2:]) == sorted(NAMES[kept:])
    expected = embed(videos, weights)
    require_same(found, expected)
    require_same(read_embeddings(out), expected)
    assert sorted(path.name for path in tmp_path.glob('f.*')) == ['f.failures.json', 'f.parquet']


def test_again_only_what_is_new_or_changed_is_embedded(videos, weights, tmp_path, monkeypatch):
    out = tmp_path / 'f.parquet'
    embed(videos, weights, out)
    done = []
    embed_videos = embed_file.embed_videos

    def recording(videos, network):
        done.extend(video.name for video in videos)
        return embed_videos(videos, network)

    monkeypatch.setattr(embed_file, 'embed_videos', recording)
    embed(videos, weights, out)
    assert done == []
    (videos / 'a' / 'one.mp4').write_bytes((videos / 'b' / 'short.mp4').read_bytes())
    later = os.stat(out).st_mtime + 5
    os.utime(videos / 'a' / 'one.mp4', (later, later))
    (videos / 'b' / 'new.mp4').write_bytes((videos / 'b' / 'short.mp4').read_bytes())
    found = embed(videos, weights, out)
    assert sorted(done) == ['a/one.mp4', 'b/new.mp4']
    require_same(read_embeddings(out), embed(videos, weights))
    assert found.paths.tolist() == [name for name in sorted([*NAMES, 'b/new.mp4']) for _ in range(3)]


def test_rows_of_other_weights_settings_or_roots_are_not_mixed(videos, weights, make_network, tmp_path):
    out = tmp_path / 'f.parquet'
    embed(videos / 'a' / 'one.mp4', weights, out)
    before = out.read_bytes()
    other = make_network(1)
    for words, options in (
        (f' then, {other} now', dict(videos=videos / 'a', model=other)),
        ('clips was 3, now 2', dict(videos=videos / 'a', model=weights, clips=2)),
        ('every was None, now 1.0', dict(videos=videos / 'a', model=weights, every=1.0)),
        ('root was', dict(videos=videos, model=weights)),
    ):
        with pytest.raises(EmbeddingsError, match=words) as caught:
            embed(**options, out=out)
        assert str(caught.value).startswith(f'{out}: ')
        assert '--overwrite' in str(caught.value)
        assert out.read_bytes() == before
        assert not out.with_name('f.parquet.parts').exists()
    found = embed(videos / 'a', other, out, overwrite=True)
    require_same(read_embeddings(out), found)
    assert found.paths.tolist() == ['one.mp4'] * 3 + ['two.mkv'] * 3


def test_what_cannot_be_read_is_reported_and_the_rest_is_embedded(videos, make_network, tmp_path, cmvl):
    strict = make_network(0, ", past_end='error'")
    (videos / 'b' / 'broken.mp4').write_bytes(b'no video at all')
    (videos / 'b' / 'empty.mp4').write_bytes(b'')
    out = tmp_path / 'f.parquet'
    told = cmvl('embed', videos, '-o', out, '--model', strict, code=3)
    assert '9 clips of 3 videos' in told
    assert '3 videos failed' in told
    rows = read_embeddings(out)
    assert sorted(set(rows.paths.tolist())) == ['a/one.mp4', 'a/two.mkv', 'b/three.avi']
    failures = {one['path']: one for one in json.loads((tmp_path / 'f.failures.json').read_text())['failures']}
    assert failures['b/broken.mp4']['stage'] == failures['b/empty.mp4']['stage'] == 'open'
    assert failures['b/empty.mp4']['reason'] == 'the file is empty'
    assert failures['b/short.mp4']['stage'] == 'length'
    assert failures['b/short.mp4']['reason'] == 'the sample needs 31 frames, but the video has 20'
    assert 'repeat_last' in failures['b/short.mp4']['remedy']
    assert all(f'{name}: ' in told for name in failures)

    only = tmp_path / 'g.parquet'
    told = cmvl('embed', videos / 'b' / 'broken.mp4', '-o', only, '--model', strict, code=1)
    assert 'nothing is written' in told
    assert sorted(path.name for path in tmp_path.glob('g.*')) == ['g.failures.json']


def test_a_list_whose_files_are_elsewhere_says_where_they_were_looked_for(weights, tmp_path, cmvl):
    (tmp_path / 'list.txt').write_text('a/one.mp4 0\n')
    told = cmvl('embed', tmp_path / 'list.txt', '-o', tmp_path / 'f.parquet', '--model', weights, code=1)
    assert f'searched in {tmp_path}; for a list, pass another folder by --root' in told


def test_the_summary_as_json(made_videos, weights, tmp_path, cmvl):
    out = tmp_path / 'new folder' / 'f.parquet'
    told = json.loads(cmvl('embed', made_videos, '-o', out, '--model', weights, '--json'))
    assert told | dict(model='', notes='', sha256='') == dict(
        out=str(out), videos=4, clips=12, channels=16, labels=2, failed=0, stretched=1, failures=[], model='', notes='',
        root=str(made_videos), sha256='',
    )  # fmt: skip
    assert told['model'] == str(weights)


def test_names_of_videos(videos, weights, tmp_path, monkeypatch):
    def paths(named, **options):
        found = embed(named, weights, clips=1, **options)
        return dict(zip(found.paths.tolist(), found.labels.tolist(), strict=True))

    (tmp_path / 'list.txt').write_text('a/one.mp4 1\nb/short.mp4 0\n')
    assert paths(tmp_path / 'list.txt', root=videos) == {'a/one.mp4': '1', 'b/short.mp4': '0'}
    (videos / 'list.txt').write_text('a/one.mp4 1\nb/short.mp4 0\n')
    (videos / 'classes.txt').write_text('fall\nadl\n')
    assert paths(videos / 'list.txt') == {'a/one.mp4': 'adl', 'b/short.mp4': 'fall'}
    (videos / 'bare.txt').write_text('a/one.mp4\n')
    assert paths(videos / 'bare.txt') == {'a/one.mp4': None}
    assert paths(str(videos / '**' / '*.mp4')) == {'a/one.mp4': 'a', 'b/short.mp4': 'b'}
    assert paths([videos / 'b' / 'short.mp4', str(videos / 'a' / '*.mkv')]) == {'b/short.mp4': 'b', 'a/two.mkv': 'a'}
    monkeypatch.chdir(videos / 'a')
    assert paths('one.mp4') == {'one.mp4': None}
    for named, words in (
        ('none', 'none: there is no such file or folder'),
        ('*.mov', 'no file matches this pattern'),
        ('none.txt', 'there is no such list'),
        ([], 'no videos were named'),
        (tmp_path / 'nothing', 'no videos found'),
    ):
        (tmp_path / 'nothing').mkdir(exist_ok=True)
        with pytest.raises(InputsError, match=words) as caught:
            embed(named, weights)
        assert 'Remedy: pass a folder of videos' in str(caught.value)
    with pytest.raises(InputsError, match='needs a list'):
        embed(videos, weights, root=tmp_path)


def test_a_network_nobody_describes_is_refused(made_videos, weights, tmp_path, cmvl):
    bare = tmp_path / 'bare.safetensors'
    bare.write_bytes(weights.read_bytes())
    with pytest.raises(
        SettingsError, match=r'no config beside the weights.*Remedy: pass the config of their training by --config'
    ):
        embed(made_videos, bare)
    (tmp_path / 'bare.txt').write_text('')
    assert 'Error: ' in cmvl('embed', made_videos, '-o', tmp_path / 'f.parquet', '--model', bare, code=1)
    found = embed(made_videos / 'a' / 'one.mp4', bare, config=weights.with_name('config.py'))
    assert len(found) == 3
    assert 'exclude' in cmvl('embed', made_videos, '-o', 'f.parquet', '--clips', 1, '--every', 1, code=2)
    assert 'must end in .parquet' in cmvl('embed', made_videos, '-o', 'f', code=2)
    for wrong in (dict(clips=0), dict(every=0.0), dict(clips=1, every=1.0)):
        with pytest.raises(SettingsError):
            embed(made_videos, weights, **wrong)
    with pytest.raises(InputsError, match='workers=0'):
        embed(made_videos, weights, workers=0)


def test_a_name_of_the_zoo_and_its_default(made_videos, tmp_path, cmvl):
    """No option beyond folder and output."""
    told = cmvl('embed', made_videos / 'a', '-o', tmp_path / 'f.parquet')
    assert '8 clips of 2 videos, 128 channels' in told
    found = cmvl_mm.embed(made_videos / 'a', model='evidence_far_future_09_basic')
    require_same(found, read_embeddings(tmp_path / 'f.parquet'))
    assert found.meta.model == 'evidence_far_future_09_basic'


@pytest.mark.parametrize('name', ['demo/pretrain', 'pretrain_c3d_ucf', 'finetune_c3d_ucf', 'retrieval_c3d_ucf'])
def test_every_kind_of_config_says_how_clips_are_embedded(name):
    settings = ClipSettings.of_config(cmvl_mm.load_config(name), name)
    assert settings.clip_len == 16
    assert settings.past_end == 'repeat_last'
    assert 1 < settings.resize_short / settings.size < 1.25
