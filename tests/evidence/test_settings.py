"""What was chosen on the validation split is what the suite runs."""

import json

import pytest
from claims import TUNED_INFONCE
from rows import BY_NAME, CANDIDATES, CONFIGS, FEW_LABEL_STARTS, KINDS
from settings import ALPHAS, CHOSEN, GAPS, LEARNING_RATES, TARGET_WEIGHTS, tuned_rate

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config


@pytest.fixture(scope='module')
def chosen():
    return json.loads(CHOSEN.read_text())


def best(tries):
    return float(max(tries, key=tries.get))


@pytest.mark.parametrize('target', TARGET_WEIGHTS)
def test_a_target_has_its_best_weight(chosen, target):
    tries = chosen['target_weights'][target]
    assert {float(weight) for weight in tries} == set(TARGET_WEIGHTS[target])
    assert load_config(CONFIGS / f'{BY_NAME[target].train}.py').model.motion_head.loss_weight == best(tries)


def test_every_target_had_as_many_tries(chosen):
    assert {len(tries) for tries in chosen['target_weights'].values()} == {len(ALPHAS)}


def test_the_other_targets_are_compared_with_the_best_alpha(chosen):
    assert ALPHAS[best(chosen['target_weights']['infonce'])] == TUNED_INFONCE
    assert chosen['target_weights']['infonce']['0.5'] == chosen['candidates']['both']
    assert set(chosen['candidates']) == {*CANDIDATES, *CANDIDATES.values()}


def test_the_far_future_has_its_best_gap(chosen):
    assert {int(gap) for gap in chosen['gaps']} == set(GAPS)
    assert GAPS[best(chosen['gaps'])] == 'far_future_09'
    for name in ('far_future', 'far_future_09'):
        sampling = load_config(CONFIGS / f'{name}.py').train_dataloader.dataset.pipeline.sample
        assert sampling.future_gap == best(chosen['gaps'])


def test_every_finetuning_has_a_rate_that_was_tried():
    assert {tuned_rate(start, kind) for start in FEW_LABEL_STARTS for kind in KINDS['basic']} <= set(LEARNING_RATES)
