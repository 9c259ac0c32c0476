"""What NumPy's and MMEngine's names may do in a checkpoint: everything that MMEngine writes, and nothing else."""

import pickle

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub

import cmvl_mm.compat  # noqa: F401
from cmvl_mm.models.stand_ins import History, Numbers, NumberType, history_statistic, reconstruct, scalar


def there_and_back(path, value):
    torch.save(value, path)
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize('kind', ['f2', 'f4', 'f8', 'i1', 'i8', 'u1', 'b1', '>f8', '<i4'])
@pytest.mark.parametrize('shape', [(), (3,), (2, 3)])  # torch refuses empty ones, which call `bytes`
def test_arrays_of_numbers_come_back(tmp_path, kind, shape):
    array = np.arange(np.prod(shape, dtype=int)).astype(kind).reshape(shape)
    for one in (array, np.asfortranarray(array)):
        back = there_and_back(tmp_path / 'a.pth', one)
        native = one.dtype.newbyteorder('=')  # NumPy swaps the bytes when it reads them
        assert (back.dtype, back.shape, back.flags.f_contiguous) == (native, one.shape, one.flags.f_contiguous)
        assert np.array_equal(back, one)


@pytest.mark.parametrize('value', [np.float64(0.1), np.int64(-3), np.bool_(True), np.float32(np.inf)])
def test_numbers_come_back(tmp_path, value):
    back = there_and_back(tmp_path / 'a.pth', value)
    assert type(back) is type(value)
    assert back == value


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


class Crafted:
    """Pickles as a call, and what is done to its result."""

    def __init__(self, function, *arguments, state=None):
        self.call = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.call


FLOAT = Crafted(np.dtype, 'f8', False, True, state=(3, '<', None, None, None, -1, -1, 0))
EMPTY = (np.ndarray, (0,), b'b')
RECONSTRUCT = np._core.multiarray._reconstruct
SCALAR = np._core.multiarray.scalar


@pytest.mark.parametrize(
    'value',
    [
        Crafted(np.ndarray, (1,), 'O', b'A' * 8),
        Crafted(np.ndarray, (1,), FLOAT, b'A' * 8),
        Crafted(np.dtype, 'O', False, True),
        Crafted(np.dtype, [('a', 'O')], False, True),
        Crafted(np.dtype, 'V8', False, True),
        Crafted(np.dtype, 'f8', False, True, state=(4, '<', None, None, None, -1, -1, 0x3F)),
        Crafted(np.dtype, 'f8', False, True, state=(3, '<', (FLOAT, (4,)), None, None, -1, -1, 0)),
        Crafted(RECONSTRUCT, np.ndarray, (1 << 20,), b'b'),
        Crafted(RECONSTRUCT, np.ndarray, (8,), 'O'),
        Crafted(RECONSTRUCT, *EMPTY, state=(1, (2,), FLOAT, False, b'A' * 8)),
        Crafted(RECONSTRUCT, *EMPTY, state=(1, (-1, -1), FLOAT, False, b'A' * 8)),
        Crafted(RECONSTRUCT, *EMPTY, state=(1, (1,), FLOAT, False, [None])),
        Crafted(RECONSTRUCT, *EMPTY, state=(1, (1,), Crafted(RECONSTRUCT, *EMPTY), False, b'A')),
        Crafted(SCALAR, FLOAT, b'A' * 7),
        Crafted(SCALAR, FLOAT, [None]),
        Crafted(HistoryBuffer, [1.0], [1]),
    ],
)
def test_crafted_values_are_refused(tmp_path, value):
    torch.save({'state_dict': value}, tmp_path / 'crafted.pth')
    with pytest.raises((pickle.UnpicklingError, ValueError, TypeError)):
        torch.load(tmp_path / 'crafted.pth', weights_only=True)


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
    with pytest.raises(ValueError, match='only a crafted file does'):
        history.__setstate__({'max_length': 10, '_log_history': array, '_count_history': array} | changes)
    assert HistoryBuffer([1.0, 3.0], [1, 1]).statistics('mean') == 2.0


def test_the_stand_ins_serve_no_other_purpose():
    for call in (
        lambda: history_statistic(History, '__init__'),
        lambda: history_statistic(HistoryBuffer, 'mean'),
        lambda: history_statistic(Numbers, 'tofile'),
        lambda: reconstruct(np.ndarray, (0,), b'b'),
        lambda: scalar(np.dtype('f8'), b'A' * 8),
        lambda: Numbers((1,), 'O', b'A' * 8),
    ):
        with pytest.raises((ValueError, TypeError)):
            call()
    assert history_statistic(History, 'mean') is HistoryBuffer.mean
