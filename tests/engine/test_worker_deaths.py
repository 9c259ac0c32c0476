"""What a data-loader worker read last can be asked after its death."""

import os
import signal

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from cmvl_mm.datasets.read_positions import LastRead, Place
from cmvl_mm.engine.worker_deaths import dead_workers, ended_workers


class Notes(Dataset):
    def __init__(self) -> None:
        self.last_read = LastRead(2)

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> torch.Tensor:
        self.last_read.note(10 + index)
        return torch.tensor(os.getpid())


def test_each_worker_s_last_position_is_known():
    dataset = Notes()
    pids = [batch.item() for batch in DataLoader(dataset, batch_size=1, num_workers=2)]
    assert dataset.last_read.of(pids[0]) == Place(worker=0, position=14)
    assert dataset.last_read.of(pids[1]) == Place(worker=1, position=15)
    assert dataset.last_read.of(1) is None


def test_outside_a_worker_nothing_is_noted():
    dataset = Notes()
    pid = dataset[3].item()
    assert dataset.last_read.of(pid) is None


@pytest.mark.parametrize(
    ('message', 'pids'),
    [
        ('DataLoader worker (pid 123) is killed by signal: Killed. ', [123]),
        ('DataLoader worker (pid(s) 4, 567) exited unexpectedly', [4, 567]),
        ('CUDA error: out of memory', []),
        ('a DataLoader worker (pid 123) elsewhere', []),
    ],
)
def test_pids_are_read_from_torch_s_messages(message, pids):
    assert dead_workers(RuntimeError(message)) == pids


def test_a_broken_connection_is_a_worker_s_end_if_one_has_ended(monkeypatch):
    monkeypatch.setattr('cmvl_mm.engine.worker_deaths._END', 0.2)
    batches = iter(DataLoader(Notes(), batch_size=1, num_workers=1, multiprocessing_context='fork'))
    pid = next(batches).item()
    assert ended_workers(ConnectionResetError(), batches) == []
    torchs = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # as the loop does: it would raise here
    try:
        os.kill(pid, signal.SIGKILL)
        assert ended_workers(ConnectionResetError(), batches) == [pid]
    finally:
        signal.signal(signal.SIGCHLD, torchs)
    assert ended_workers(RuntimeError('CUDA error'), batches) == []
    assert ended_workers(FileNotFoundError(), iter(DataLoader(Notes()))) == []
