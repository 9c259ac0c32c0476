"""The order of an epoch: shared by processes, new every epoch, entered anywhere."""

import pytest

from cmvl_mm.engine import sampler as module
from cmvl_mm.engine.sampler import ResumableSampler


def sampler(monkeypatch, rank=0, world_size=1, length=11, **arguments):
    monkeypatch.setattr(module, 'get_dist_info', lambda: (rank, world_size))
    return ResumableSampler(range(length), seed=3, **arguments)


def epoch_of(one, epoch):
    one.set_epoch(epoch)
    return list(one)


def test_every_epoch_has_its_own_order_of_all_samples(monkeypatch):
    one = sampler(monkeypatch)
    first, second = epoch_of(one, 0), epoch_of(one, 1)
    assert sorted(first) == sorted(second) == list(range(11))
    assert first != second
    assert {(index.epoch, index.seed) for index in second} == {(1, 3)}
    assert epoch_of(sampler(monkeypatch), 1) == second


@pytest.mark.parametrize('world_size', [2, 4])
def test_global_batches_hold_the_same_samples_on_any_number_of_processes(monkeypatch, world_size):
    alone = epoch_of(sampler(monkeypatch), 2)
    ranks = [epoch_of(sampler(monkeypatch, rank, world_size), 2) for rank in range(world_size)]
    share = 4 // world_size
    for start in range(0, 8, 4):
        together = {int(i) for rank in ranks for i in rank[start // world_size :][:share]}
        assert together == {int(i) for i in alone[start : start + 4]}
    assert {len(rank) for rank in ranks} == {11 // world_size}


def test_start_applies_once_and_leaves_the_length(monkeypatch):
    one = sampler(monkeypatch)
    whole = epoch_of(one, 5)
    one.set_start(4)
    assert len(one) == 11
    assert list(one) == whole[4:]
    assert list(one) == whole


def test_nonsense_is_refused(monkeypatch):
    with pytest.raises(ValueError, match='start=12'):
        sampler(monkeypatch).set_start(12)
    with pytest.raises(ValueError, match='1 samples are too few for 2'):
        sampler(monkeypatch, world_size=2, length=1)


def test_unshuffled_order_is_the_list_s(monkeypatch):
    assert epoch_of(sampler(monkeypatch, shuffle=False), 3) == list(range(11))
