"""Checkpoints of torch.save: numbers, histories and tensors come back as plain ones, all else is refused, and what
other code in the process reads stays as it was."""

import pickle
import subprocess
import sys
from datetime import date
from fractions import Fraction
from pathlib import PurePosixPath

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub

from cmvl_mm.checkpoints.stand_ins import (
    History,
    Numbers,
    NumberType,
    history_statistic,
    read_plain,
    reconstruct,
    scalar,
)


def there_and_back(path, value):
    torch.save(value, path)
    return read_plain(path)


@pytest.mark.parametrize('kind', ['f2', 'f4', 'f8', 'i1', 'i8', 'u1', 'b1', '>f8', '<i4'])
@pytest.mark.parametrize('shape', [(), (3,), (2, 3)])  # torch refuses empty ones, which call `bytes`
def test_arrays_of_numbers_come_back(tmp_path, kind, shape):
    array = np.arange(np.prod(shape, dtype=int)).astype(kind).reshape(shape)
    for one in (array, np.asfortranarray(array)):
        back = there_and_back(tmp_path / 'a.pth', one)
        native = one.dtype.newbyteorder('=')  # NumPy swaps the bytes when it reads them
        assert type(back) is np.ndarray
        assert (back.dtype, back.shape, back.flags.f_contiguous) == (native, one.shape, one.flags.f_contiguous)
        assert np.array_equal(back, one)


@pytest.mark.parametrize('value', [np.float64(0.1), np.int64(-3), np.bool_(True), np.float32(np.inf)])
def test_numbers_come_back(tmp_path, value):
    back = there_and_back(tmp_path / 'a.pth', value)
    assert type(back) is type(value)
    assert back == value


def test_arrays_are_plain_wherever_they_lie_and_shared_parts_stay_shared(tmp_path):
    array, part = np.arange(3.0), [np.ones(2)]
    back = there_and_back(tmp_path / 'a.pth', dict(a=array, b=[(array, 1), part], c=part, w=torch.ones(2)))
    assert [type(one) for one in (back['a'], back['b'][0][0], back['c'][0])] == [np.ndarray] * 3
    assert back['b'][0][0] is back['a']
    assert back['b'][1] is back['c']
    assert torch.equal(back['w'], torch.ones(2))
    assert b'cmvl_mm' not in pickle.dumps(back['a'])


def test_a_history_comes_back_as_mmengines_own_and_is_saved_again(tmp_path):
    hub = MessageHub('stand_ins')
    for value in (3.0, 1.0, 2.0):
        hub.update_scalar('train/loss', value)
    once = there_and_back(tmp_path / 'a.pth', hub.state_dict())['log_scalars']['train/loss']
    twice = there_and_back(tmp_path / 'b.pth', once)
    for buffer in (once, twice):
        assert type(buffer) is HistoryBuffer
        assert type(buffer.data[0]) is np.ndarray
        assert (buffer.current(), buffer.statistics('mean', 2), buffer.max_length) == (2.0, 1.5, 1000000)
        buffer.update(9.0)
        assert buffer.max() == 9.0


@pytest.mark.parametrize(
    'value',
    [
        PurePosixPath('a'),
        Fraction(1, 2),
        date(2020, 1, 1),
        print,
        np.array([None]),
        np.array(['text']),
        np.zeros(1, [('a', 'f4')]),
        np.array(['2020-01-01'], 'M8[D]'),
        np.random.default_rng(0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_all_else_is_refused(tmp_path, value):
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        there_and_back(tmp_path / 'a.pth', {'state_dict': {}, 'meta': value})


def test_each_stand_in_does_one_thing():
    number = NumberType('f8')
    for call in (
        lambda: history_statistic(History, 'update'),
        lambda: history_statistic(HistoryBuffer, 'mean'),
        lambda: reconstruct(np.ndarray, (0,), b'b'),
        lambda: reconstruct(Numbers, (8,), b'b'),
        lambda: scalar(np.dtype('f8'), b'\0' * 8),
        lambda: scalar(number, b'\0' * 7),
        lambda: Numbers((1,)),
        lambda: NumberType('O'),
        lambda: number.__setstate__((3, '<', None, None, None, -1, -1, 1)),
        lambda: Numbers().__setstate__((1, (2,), number, False, b'\0' * 8)),
        lambda: Numbers().__setstate__((1, (1,), np.dtype('f8'), False, b'\0' * 8)),
        lambda: History(),
    ):
        with pytest.raises((ValueError, TypeError)):
            call()
    assert history_statistic(History, 'mean') is HistoryBuffer.mean


@pytest.mark.parametrize(
    'changes',
    [
        {'statistics_methods': {'mean': HistoryBuffer.max}},
        {'statistics_methods': {'median': HistoryBuffer.max}},
        {'update': 3},
        {'max_length': 2.5},
        {'_log_history': [1.0]},
    ],
)
def test_a_history_changes_nothing_for_others(changes):
    array = Numbers()
    array.__setstate__((1, (2,), NumberType('f8'), False, b'\0' * 16))
    history = History.__new__(History)
    with pytest.raises(ValueError, match='no MMEngine checkpoint'):
        history.__setstate__({'max_length': 10, '_log_history': array, '_count_history': array} | changes)
    assert HistoryBuffer([1.0, 3.0], [1, 1]).statistics('mean') == 2.0


def test_the_list_of_others_does_not_count_and_is_there_afterwards(tmp_path):
    torch.save({'meta': Fraction(1, 2)}, tmp_path / 'a.pth')
    with torch.serialization.safe_globals([Fraction]):
        before = set(torch.serialization.get_safe_globals())
        with pytest.raises(pickle.UnpicklingError, match='Fraction'):
            read_plain(tmp_path / 'a.pth')
        assert set(torch.serialization.get_safe_globals()) == before


def test_importing_the_package_leaves_what_others_read_alone(tmp_path):
    """One process that uses the package saves again what it loads; another, without it, reads that."""
    mine = """
import sys
import mmengine, numpy as np, torch
import cmvl_mm.register, cmvl_mm.hub
from cmvl_mm.checkpoints.pretrained import read_checkpoint
torch.save(dict(state_dict={}, array=np.arange(3.0)), 'a.pth')
before = set(torch.serialization.get_safe_globals())  # torch and mmaction2 allow some of their own
read_checkpoint('a.pth')
assert set(torch.serialization.get_safe_globals()) == before
assert 'cmvl_mm' not in str(before), before
names = [np.ndarray, np.dtype, np.dtypes.Float64DType, np._core.multiarray._reconstruct]
with torch.serialization.safe_globals(names):
    array = torch.load('a.pth')['array']
assert type(array) is np.ndarray, type(array)
torch.save(array, 'b.pth')
mmengine.dump(dict(a={1, 2}), 'a.pkl')
assert mmengine.load('a.pkl') == dict(a={1, 2})
open('a.yml', 'w').write('a: !!set {1, 2}')
assert mmengine.load('a.yml') == dict(a={1, 2})
"""
    theirs = """
import sys
import numpy as np, torch
names = [np.ndarray, np.dtype, np.dtypes.Float64DType, np._core.multiarray._reconstruct]
with torch.serialization.safe_globals(names):
    assert torch.load('b.pth').tolist() == [0, 1, 2]
assert 'cmvl_mm' not in sys.modules
"""
    for code in (mine, theirs):
        words = [sys.executable, '-W', 'ignore', '-c', code]
        outcome = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert outcome.returncode == 0, outcome.stderr
