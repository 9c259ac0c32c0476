"""The search tool on a file that a person can check."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from cmvl_mm.evaluation import ivf_search
from cmvl_mm.evaluation.features import Features, save_features


@pytest.fixture
def tool(repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / 'tools'))
    monkeypatch.delitem(sys.modules, 'search', raising=False)
    import search

    return search


@pytest.fixture
def dumped(tmp_path):
    """Gallery a b c at 0, 30, 90 degrees, queries x y at 20 and 80."""
    angles = np.deg2rad([20, 0, 30, 80, 90])
    features = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    paths = np.array([f'{name}.mp4' for name in 'xabyc'])
    is_query = np.array([True, False, False, True, False])
    save_features(Features(features, np.full(5, -1), is_query, paths), tmp_path / 'f.npz')
    return tmp_path / 'f.npz'


def test_neighbours_are_printed_by_path(tool, dumped, capsys):
    tool.main([str(dumped), '--k', '2'])
    printed = capsys.readouterr()
    assert [line.split('\t') for line in printed.out.splitlines()] == [
        ['x.mp4', '1', f'{np.cos(np.deg2rad(10)):.6f}', 'b.mp4'],
        ['x.mp4', '2', f'{np.cos(np.deg2rad(20)):.6f}', 'a.mp4'],
        ['y.mp4', '1', f'{np.cos(np.deg2rad(10)):.6f}', 'c.mp4'],
        ['y.mp4', '2', f'{np.cos(np.deg2rad(50)):.6f}', 'b.mp4'],
    ]
    assert printed.err == 'recall@2 against the exact search: 1.0000\n'


def test_a_gallery_of_its_own_is_named_by_row(tool, dumped, tmp_path, capsys):
    np.save(tmp_path / 'g.npy', np.array([[0, 1], [1, 0.5]], np.float32))
    tool.main([str(dumped), '--gallery', str(tmp_path / 'g.npy'), '--k', '1', '--block-mib', '1', '--device', 'cpu'])
    assert [line.split('\t')[3] for line in capsys.readouterr().out.splitlines()] == ['1', '0']


@pytest.mark.skipif(ivf_search.faiss is None, reason="needs FAISS: pip install 'cmvl_mm[search]'")
def test_the_index_prints_its_recall(tool, dumped, tmp_path, capsys):
    np.save(tmp_path / 'g.npy', np.random.default_rng(0).normal(size=(400, 2)))
    search = [str(dumped), '--gallery', str(tmp_path / 'g.npy'), '--k', '3']
    tool.main(search)
    exact = capsys.readouterr()
    tool.main([*search, '--index', 'faiss_ivf', '--lists', '4', '--probes', '4'])
    assert capsys.readouterr() == exact


def test_options_that_nothing_would_read_are_refused(tool, dumped, capsys):
    for options in (
        ['--lists', '4'],
        ['--index', 'faiss_ivf'],
        ['--index', 'faiss_ivf', '--lists', '4', '--probes', '1', '--device', 'cpu'],
    ):
        with pytest.raises(SystemExit):
            tool.main([str(dumped), *options])
        assert 'faiss_ivf' in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize('content', ['objects', 'pickle', 'text', 'other arrays', 'deflated', 'gone'])
def test_other_files_are_one_line(tool, dumped, tmp_path, content):
    path = tmp_path / 'stranger.npz'
    if content == 'objects':
        np.savez(path, features=np.array([None], dtype=object))
    elif content == 'other arrays':
        np.savez(path, images=np.zeros(3))
    elif content == 'deflated':
        with np.load(dumped) as whole:
            np.savez_compressed(path, **dict(whole) | dict(features=np.zeros((5, 100_000), np.float32)))
    elif content != 'gone':
        path.write_bytes(pickle.dumps([1.0]) if content == 'pickle' else b'404')
    with pytest.raises(SystemExit, match=r'stranger\.npz') as stopped:
        tool.main([str(path)])
    assert 'Remedy' in str(stopped.value)


@pytest.mark.parametrize('rows', [np.array([None]), np.zeros(3), np.array([['x']]), np.zeros(2, [('a', 'f4')])])
def test_a_gallery_is_one_table_of_numbers(tool, dumped, tmp_path, rows):
    np.save(tmp_path / 'g.npy', rows)
    with pytest.raises(SystemExit, match=r'g\.npy: no features that can be read.*Remedy'):
        tool.main([str(dumped), '--gallery', str(tmp_path / 'g.npy')])


def test_wrong_options_end_in_one_line_that_names_them(tool, dumped, capsys):
    for option, value in (
        *(('--k', text) for text in ('0', '-1', '1.5', 'x', '')),
        ('--block-mib', '0'),
        ('--lists', '0'),
        ('--probes', '-2'),
        *(('--device', text) for text in ('gpu', 'meta', 'cuda:99', 'cuda:-1')),
    ):
        with pytest.raises(SystemExit) as stopped:
            tool.main([str(dumped), f'{option}={value}'])
        assert stopped.value.code == 2
        assert f'argument {option}: ' in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize('bad', [0.0, np.nan, np.inf])
def test_features_without_a_cosine_are_named_by_path_or_by_row_of_the_file(tool, dumped, tmp_path, bad):
    with np.load(dumped) as whole:
        arrays = dict(whole)
    for row, path in ((3, r'y\.mp4'), (4, r'c\.mp4')):
        features = arrays['features'].copy()
        features[row] = bad
        np.savez(tmp_path / 'bad.npz', **arrays | dict(features=features))
        with pytest.raises(SystemExit, match=rf'bad\.npz: {path}: .*Remedy'):
            tool.main([str(tmp_path / 'bad.npz')])
    rows = np.ones((30, 2))
    rows[17] = bad
    np.save(tmp_path / 'g.npy', rows)
    with pytest.raises(SystemExit, match=r'g\.npy: row 17 .*Remedy'):
        tool.main([str(dumped), '--gallery', str(tmp_path / 'g.npy')])


@pytest.mark.parametrize(
    'change',
    [
        dict(paths=np.array(['a', 'b'])),
        dict(labels=np.zeros((5, 1), int)),
        dict(is_query=np.array([0, 1, 2, 0, 1])),
        dict(features=np.zeros(5)),
        dict(more=np.zeros(5)),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(tool, dumped, tmp_path, change):
    with np.load(dumped) as whole:
        np.savez(tmp_path / 'odd.npz', **dict(whole) | change)
    with pytest.raises(SystemExit, match=rf'odd\.npz: .*{next(iter(change))}.*Remedy'):
        tool.main([str(tmp_path / 'odd.npz')])


def test_flags_may_be_numbers(tool, dumped, tmp_path, capsys):
    """As integers they would pick rows, and every query would find itself."""
    tool.main([str(dumped)])
    expected = capsys.readouterr()
    with np.load(dumped) as whole:
        np.savez(tmp_path / 'numbers.npz', **dict(whole) | dict(is_query=whole['is_query'].astype(np.int64)))
    tool.main([str(tmp_path / 'numbers.npz')])
    assert capsys.readouterr() == expected


def test_a_gallery_of_another_width_is_named(tool, dumped, tmp_path):
    np.save(tmp_path / 'wide.npy', np.ones((4, 3)))
    with pytest.raises(SystemExit, match=r'wide\.npy: .* 3 wide.*f\.npz 2\. Remedy'):
        tool.main([str(dumped), '--gallery', str(tmp_path / 'wide.npy')])


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


def test_a_file_without_gallery_is_named(tool, dumped, tmp_path):
    some = Features(np.ones((1, 2), np.float32), np.array([0]), np.array([True]), np.array(['x']))
    save_features(some, tmp_path / 'queries.npz')
    with pytest.raises(SystemExit, match=r'queries\.npz: 1 queries and 0 gallery rows.*Remedy'):
        tool.main([str(tmp_path / 'queries.npz')])
