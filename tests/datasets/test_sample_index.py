"""A sample's generator depends on (seed, epoch, index, attempt) and on nothing else."""

import itertools
import pickle

import numpy as np
import pytest

from cmvl_mm.datasets.sample_index import SampleIndex, order_generator


def draws(index: SampleIndex, attempt: int = 0) -> tuple:
    return tuple(index.generator(attempt).integers(1 << 62, size=4))


def test_every_coordinate_matters_and_nothing_else_does():
    grid = itertools.product(range(3), range(3), range(3), range(3))
    streams = {draws(SampleIndex(i, epoch=e, seed=s), a) for s, e, i, a in grid}
    assert len(streams) == 81
    np.random.seed(5)
    assert draws(SampleIndex(1, epoch=2, seed=3)) == draws(SampleIndex(1, epoch=2, seed=3))


def test_order_generator_is_apart_from_the_samples():
    order = tuple(order_generator(3, 2).integers(1 << 62, size=4))
    assert order not in {draws(SampleIndex(i, epoch=2, seed=3), a) for i in range(3) for a in range(3)}


def test_it_is_an_integer_that_survives_a_queue():
    index = pickle.loads(pickle.dumps(SampleIndex(7, epoch=3, seed=9)))
    assert ([*range(10)][index], index.epoch, index.seed) == (7, 3, 9)


def test_negative_index_is_refused():
    with pytest.raises(IndexError, match='-1'):
        SampleIndex(-1)
