"""Steady rates are told from times that vary, and either is kept as MPEG-4 Part 2 can hold it."""

from fractions import Fraction

import numpy as np
import pytest

from cmvl_mm.video.times import MAX_TICKS, Clock, choose_clock, keeps, limited, mean_rate, usable

MILLISECONDS = Fraction(1, 1000)


def rounded(rate: Fraction, time_base: Fraction, count: int, *, first: int = 0, down: bool = False) -> list[int]:
    """Stamps of a steady rate, as containers round them."""
    exact = [number / (rate * time_base) for number in range(count)]
    return [first + (int(stamp) if down else round(stamp)) for stamp in exact]


@pytest.mark.parametrize(
    'rate', [Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60), Fraction(7)]
)
@pytest.mark.parametrize('time_base', [MILLISECONDS, Fraction(1, 90000), Fraction(1, 12800)])
@pytest.mark.parametrize('down', [False, True])
def test_a_steady_rate_survives_the_rounding_of_its_stamps(rate, time_base, down):
    stamps = rounded(rate, time_base, 5000, first=777, down=down)
    assert choose_clock(stamps, time_base, rate) == Clock(rate)
    assert mean_rate(stamps, time_base, rate) == rate


def test_a_rate_that_the_times_contradict_is_not_believed():
    for time_base, step in ((Fraction(1, 25), 1), (MILLISECONDS, 40)):
        stamps = [step * number for number in range(100) if number != 50]
        assert not keeps(stamps, time_base, Fraction(25))
        clock = choose_clock(stamps, time_base, Fraction(25))
        assert [clock.tick(number) / clock.rate for number in range(99)] == [stamp * time_base for stamp in stamps]
        assert mean_rate(stamps, time_base, Fraction(25)) == Fraction(98 * 25, 99)
    stamps = [40 * number for number in range(50)]
    assert mean_rate(stamps, MILLISECONDS, Fraction(50)) == 25
    clock = choose_clock(stamps, MILLISECONDS, Fraction(50))
    assert clock.tick(49) / clock.rate == Fraction(49, 25)


def test_varying_times_are_exact_where_the_ticks_suffice():
    rng = np.random.default_rng(0)
    for time_base in (MILLISECONDS, Fraction(1, 12800), Fraction(1001, 30000), Fraction(1, 50000)):
        stamps = (5 + np.cumsum(rng.integers(1, 400, 60))).tolist()
        clock = choose_clock(stamps, time_base, Fraction(30))
        assert max(clock.rate.numerator, clock.rate.denominator) <= MAX_TICKS
        times = [clock.tick(number) / clock.rate for number in range(60)]
        assert times == [(stamp - stamps[0]) * time_base for stamp in stamps]
    assert choose_clock([0, 3000, 9000], Fraction(1, 90000), Fraction(30)).rate == 30  # in units of 3000


def test_times_finer_than_the_ticks_are_rounded_and_stay_apart():
    rng = np.random.default_rng(0)
    time_base = Fraction(1, 90000)
    stamps = [0, 1, 2, *np.cumsum(rng.integers(100, 9000, 60)).tolist()]
    clock = choose_clock(stamps, time_base, Fraction(30))
    assert clock.rate == 60000
    ticks = np.array([clock.tick(number) for number in range(len(stamps))])
    assert (np.diff(ticks) >= 1).all()
    late = ticks[3:] / 60000 - np.array(stamps[3:]) / 90000
    assert np.abs(late).max() <= 0.5 / 60000 + 1e-12


@pytest.mark.parametrize('stamps', [None, [], [7]])
def test_without_times_the_stated_rate_counts(stamps):
    assert choose_clock(stamps, MILLISECONDS, Fraction(24)) == Clock(Fraction(24))
    assert choose_clock(stamps, MILLISECONDS, None) == Clock(Fraction(25))
    assert mean_rate(stamps, MILLISECONDS, None) is None


def test_stamps_that_are_lacking_or_go_back_are_of_no_use():
    assert usable([3, 4, 9]) == [3, 4, 9]
    assert usable([3, None, 9]) is None
    assert usable([3, 3, 9]) is None
    assert usable([3, 2, 9]) is None


@pytest.mark.parametrize(
    ('rate', 'expected'),
    [
        (Fraction(25), Fraction(25)),
        (Fraction(30000, 1001), Fraction(30000, 1001)),
        (Fraction(12800000, 436427), Fraction(12800000, 436427)),  # a phone's variable rate
        (Fraction(120000, 1001), Fraction(120000, 1001)),
        (Fraction(90000), Fraction(1000)),
        (Fraction(1, 90000), Fraction(1, 1000)),
        (Fraction(9999999, 10000), Fraction(1000)),
    ],
)
def test_rates_are_limited_to_what_the_encoder_counts(rate, expected):
    assert max(limited(rate).numerator, limited(rate).denominator) <= MAX_TICKS
    assert float(limited(rate)) == pytest.approx(float(expected), rel=1e-3)
