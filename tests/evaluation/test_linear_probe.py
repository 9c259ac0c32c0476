"""The linear probe against a closed form, and its choice of the learning rate."""

import numpy as np
import pytest

from cmvl_mm.evaluation.linear_probe import held_out, predict, standardise, sweep, train_softmax


def test_standardising_takes_the_training_features_mean_and_deviation():
    train = np.array([[1.0, 5, 2], [3, 5, 6]], dtype=np.float32)
    other = np.array([[2.0, 9, 0]], dtype=np.float32)
    ours, theirs = standardise(train, other)
    assert ours.tolist() == [[-1, 0, -1], [1, 0, 1]]
    assert theirs.tolist() == [[0, 0, -2]]  # the constant channel stays silent, whatever the other set holds


def test_a_fifth_of_every_class_is_held_out_and_always_the_same_one():
    labels = np.array([0] * 50 + [1] * 14 + [2] * 2)
    aside = held_out(labels)
    assert [int(aside[labels == label].sum()) for label in range(3)] == [10, 2, 1]
    assert np.array_equal(aside, held_out(labels))
    assert not np.array_equal(aside, held_out(labels, seed=1))
    with pytest.raises(ValueError, match='class 1 has one training video'):
        held_out(np.array([0, 0, 1]))


def test_two_steps_by_hand_and_the_optimum_of_overlapping_classes():
    """One feature, two classes: from zero, every softmax is 1/2, so the first gradient is known."""
    features, labels = np.array([[1.0], [-1.0], [1.0], [-1.0]]), np.array([1, 0, 1, 0])
    first = train_softmax(features, labels, lr=0.4, steps=1)
    assert first.tolist() == [[-0.2, 0.2], [0, 0]]  # lr * mean of (target - 1/2) * x
    right = 1 / (1 + np.exp(-0.4))  # scores 0.2 and -0.2
    step = 0.9 * 0.2 + 0.4 * (1 - right)
    assert np.allclose(train_softmax(features, labels, lr=0.4, steps=2), [[-0.2 - step, 0.2 + step], [0, 0]])
    # A constant feature leaves only biases: the optimum is the classes' log shares.
    labels = np.array([0] * 5 + [1] * 3 + [2] * 2)
    weights = train_softmax(np.zeros((10, 1)), labels, lr=1.0, steps=500)
    shares = np.exp(weights[1]) / np.exp(weights[1]).sum()
    assert np.allclose(shares, [0.5, 0.3, 0.2])


@pytest.fixture
def blobs():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    centres = np.array([[0.0, 0, 0, 0], [3, 0, 0, 0], [0, 3, 0, 0]])
    features = centres[labels] + rng.normal(size=(60, 4))
    query = centres[labels] + rng.normal(size=(60, 4))
    return features, labels, query


def test_the_held_out_fifth_alone_chooses_the_rate(blobs):
    features, labels, query = blobs
    probe = sweep(features, labels, query, lrs=(0.1, 1e-6, 0.1 + 1e-9), steps=50)
    assert list(probe.held_out) == [1e-6, 0.1, 0.1 + 1e-9]
    best = max(probe.held_out.values())
    assert probe.lr == min(lr for lr, accuracy in probe.held_out.items() if accuracy == best)
    assert (probe.predicted == labels).mean() > 0.8
    # other test videos, other guesses, the same choice
    assert sweep(features, labels, -query, lrs=(0.1, 1e-6), steps=50).held_out.items() <= probe.held_out.items()


def test_the_rate_that_does_best_is_taken():
    """The class is the difference of two channels that share a large noise.

    The first step follows the class means, which say little; the difference takes a rate that gets far.
    """
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1], 100)
    noise = 3 * rng.normal(size=200)
    features = np.stack([noise + labels, noise + 0.1 * rng.normal(size=200)], axis=1)
    probe = sweep(features, labels, features, lrs=(1.0, 1e-6), steps=300)
    assert probe.held_out[1.0] > 0.95 > 0.8 > probe.held_out[1e-6]
    assert probe.lr == 1.0


def test_the_final_probe_learns_from_the_whole_training_list_and_wrong_sweeps_are_named(blobs):
    features, labels, query = blobs
    train, tested = standardise(features, query)
    expected = predict(tested, train_softmax(train, labels, 0.03, 7))
    assert np.array_equal(sweep(features, labels, query, lrs=(0.03,), steps=7).predicted, expected)
    features, labels, query = blobs
    for lrs, steps in (((), 5), ((0.0, 1.0), 5), ((0.1,), 0)):
        with pytest.raises(ValueError, match='must have at least one rate, all positive'):
            sweep(features, labels, query, lrs=lrs, steps=steps)
