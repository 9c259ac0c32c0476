"""The search tool on a file that a person can check."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from cmvl_mm.evaluation import ivf_search
from cmvl_mm.evaluation.features import Features, save_features


@pytest.fixture
def search(tool):
    return lambda *words: tool('search').main([*map(str, words)])


@pytest.fixture
def dumped(tmp_path):
    """Gallery a b c at 0, 30, 90 degrees, queries x y at 20 and 80."""
    angles = np.deg2rad([20, 0, 30, 80, 90])
    features = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    paths = np.array([f'{name}.mp4' for name in 'xabyc'])
    is_query = np.array([True, False, False, True, False])
    save_features(Features(features, np.full(5, -1), is_query, paths), tmp_path / 'f.npz')
    return tmp_path / 'f.npz'


@pytest.fixture
def changed(dumped, tmp_path):
    """(array=...): the same file with other arrays."""

    def write(**arrays):
        with np.load(dumped) as whole:
            np.savez(tmp_path / 'changed.npz', **dict(whole) | arrays)
        return tmp_path / 'changed.npz'

    return write


def test_neighbours_are_printed_by_path(search, dumped, changed, capsys):
    search(dumped, '--k', 2)
    printed = capsys.readouterr()
    assert [line.split('\t') for line in printed.out.splitlines()] == [
        ['x.mp4', '1', f'{np.cos(np.deg2rad(10)):.6f}', 'b.mp4'],
        ['x.mp4', '2', f'{np.cos(np.deg2rad(20)):.6f}', 'a.mp4'],
        ['y.mp4', '1', f'{np.cos(np.deg2rad(10)):.6f}', 'c.mp4'],
        ['y.mp4', '2', f'{np.cos(np.deg2rad(50)):.6f}', 'b.mp4'],
    ]
    assert printed.err == 'recall@2 against the exact search: 1.0000\n'
    # Flags may be integers: as such they would pick rows, and every query would find itself.
    search(changed(is_query=np.array([1, 0, 0, 1, 0])), '--k', 2)
    assert capsys.readouterr() == printed


def test_a_gallery_is_named_by_row_and_options_that_nothing_would_read_are_refused(search, dumped, tmp_path, capsys):
    np.save(tmp_path / 'g.npy', np.array([[0, 1], [1, 0.5]], np.float32))
    search(dumped, '--gallery', tmp_path / 'g.npy', '--k', 1, '--block-mib', 1, '--device', 'cpu')
    assert [line.split('\t')[3] for line in capsys.readouterr().out.splitlines()] == ['1', '0']
    for options in ('--lists 4', '--index faiss_ivf', '--index faiss_ivf --lists 4 --probes 1 --device cpu'):
        with pytest.raises(SystemExit):
            search(dumped, *options.split())
        assert 'faiss_ivf' in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.skipif(ivf_search.faiss is None, reason="needs FAISS: pip install 'cmvl_mm[search]'")
def test_the_index_prints_its_recall(search, dumped, tmp_path, capsys):
    np.save(tmp_path / 'g.npy', np.random.default_rng(0).normal(size=(400, 2)))
    words = [dumped, '--gallery', tmp_path / 'g.npy', '--k', 3]
    search(*words)
    exact = capsys.readouterr()
    search(*words, '--index', 'faiss_ivf', '--lists', 4, '--probes', 4)
    assert capsys.readouterr() == exact


@pytest.mark.parametrize('content', [b'404', pickle.dumps([1.0]), None], ids=['text', 'pickle', 'gone'])
def test_other_files_are_one_line(search, tmp_path, content):
    if content is not None:
        (tmp_path / 'stranger.npz').write_bytes(content)
    with pytest.raises(SystemExit, match=r'stranger\.npz.*Remedy'):
        search(tmp_path / 'stranger.npz')


def test_compressed_arrays_are_one_line(search, tmp_path):
    np.savez_compressed(tmp_path / 'stranger.npz', features=np.zeros((5, 100_000), np.float32))
    with pytest.raises(SystemExit, match=r'stranger\.npz.*Remedy'):
        search(tmp_path / 'stranger.npz')


@pytest.mark.parametrize(
    ('rows', 'reason'),
    [
        (np.array([None]), 'the file has no readable features'),
        (np.zeros(3), 'the file has no readable features'),
        (np.array([['x']]), 'the file has no readable features'),
        (np.zeros(2, [('a', 'f4')]), 'the file has no readable features'),
        (np.ones((4, 3)), r'.* 3 wide.*f\.npz 2\.'),
    ],
)
def test_a_gallery_is_one_table_of_numbers_as_wide_as_the_queries(search, dumped, tmp_path, rows, reason):
    np.save(tmp_path / 'g.npy', rows)
    with pytest.raises(SystemExit, match=rf'g\.npy: {reason}.*Remedy'):
        search(dumped, '--gallery', tmp_path / 'g.npy')


def test_wrong_options_end_in_one_line_that_names_them(search, dumped, capsys):
    for option, value in (
        *(('--k', text) for text in ('0', '-1', '1.5', 'x', '')),
        ('--block-mib', '0'),
        ('--lists', '0'),
        ('--probes', '-2'),
        *(('--device', text) for text in ('gpu', 'meta', 'cuda:99', 'cuda:-1')),
    ):
        with pytest.raises(SystemExit) as stopped:
            search(dumped, f'{option}={value}')
        assert stopped.value.code == 2
        assert f'argument {option}: ' in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize('bad', [0.0, np.nan, np.inf])
def test_features_without_a_cosine_are_named_by_path_or_by_row_of_the_file(search, dumped, changed, tmp_path, bad):
    for row, path in ((3, r'y\.mp4'), (4, r'c\.mp4')):
        features = np.ones((5, 2), np.float32)
        features[row] = bad
        with pytest.raises(SystemExit, match=rf'changed\.npz: {path}: .*Remedy'):
            search(changed(features=features))
    rows = np.ones((30, 2))
    rows[17] = bad
    np.save(tmp_path / 'g.npy', rows)
    with pytest.raises(SystemExit, match=r'g\.npy: row 17 .*Remedy'):
        search(dumped, '--gallery', tmp_path / 'g.npy')


@pytest.mark.parametrize(
    ('arrays', 'reason'),
    [
        (dict(paths=np.array(['a', 'b'])), 'paths'),
        (dict(labels=np.zeros((5, 1), int)), 'labels'),
        (dict(is_query=np.array([0, 1, 2, 0, 1])), 'is_query'),
        (dict(is_query=np.ones(5, bool)), '5 queries and 0 gallery rows'),
        (dict(features=np.zeros(5)), 'features'),
        (dict(features=np.array([None], dtype=object)), 'features'),
        (dict(more=np.zeros(5)), 'more'),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(search, changed, arrays, reason):
    with pytest.raises(SystemExit, match=rf'changed\.npz: .*{reason}.*Remedy'):
        search(changed(**arrays))


def test_the_output_may_end_early_or_be_full(repository, dumped):
    """A reader that closes the pipe is no error; a disk without space is one."""
    with np.load(dumped) as whole:
        repeated = {name: np.repeat(array, 400, axis=0) for name, array in whole.items()}
    np.savez(dumped, **repeated)
    line = f'"{sys.executable}" -W ignore "{repository}/tools/search.py" "{dumped}"'
    head = subprocess.run(['bash', '-c', f'{line} | head -n 1'], capture_output=True, text=True, check=True)
    assert head.stdout.startswith('x.mp4\t1\t')
    assert head.stderr == ''
    full = subprocess.run(['bash', '-c', f'{line} > /dev/full'], capture_output=True, text=True, check=False)
    assert full.returncode == 1
    assert full.stderr.splitlines()[-1].startswith('standard output: No space left on device. Remedy')
