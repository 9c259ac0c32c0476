"""What was chosen on the validation split is what the suite runs."""

import json
from itertools import product
from math import log10

import pytest
import settings
import store
import tables
from claims import TUNED_INFONCE
from rows import BY_NAME, CANDIDATES, CONFIGS, FEW_LABEL_STARTS, KINDS
from settings import ALPHAS, CHOSEN, GAPS, LEARNING_RATES, RATE_SEEDS, TARGET_WEIGHTS, tuned_rate

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.stages import stage_of
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


def test_every_target_had_as_many_tries_and_is_compared_with_the_best_alpha(chosen):
    assert {len(tries) for tries in chosen['target_weights'].values()} == {len(ALPHAS)}
    assert ALPHAS[best(chosen['target_weights']['infonce'])] == TUNED_INFONCE
    assert chosen['target_weights']['infonce']['0.5'] == chosen['candidates']['both']
    assert set(chosen['candidates']) == {*CANDIDATES, *CANDIDATES.values()}


def test_the_far_future_has_its_best_gap(chosen):
    assert {int(gap) for gap in chosen['gaps']} == set(GAPS)
    assert GAPS[best(chosen['gaps'])] == 'far_future_09'
    for name in ('far_future', 'far_future_09'):
        sampling = stage_of(load_config(CONFIGS / f'{name}.py').train_dataloader.dataset.pipeline, 'sample')
        assert sampling.future_gap == best(chosen['gaps'])


@pytest.mark.parametrize('start', FEW_LABEL_STARTS)
def test_every_finetuning_has_the_best_of_all_rates(chosen, start):
    for kind in KINDS['basic']:
        tries = chosen['top1_of_rates'][start][kind]
        assert {float(rate) for rate in tries} == set(LEARNING_RATES[kind])
        assert tuned_rate(start, kind) == best(tries)


def tuning_runs(luck):
    """Every run of --tune: rate 0.003 is the best, but for the smallest with seed 101, by so much `luck`."""
    weights = {f'mse_{weight:g}' for weight in TARGET_WEIGHTS['mse']}
    weights |= {f'cross_entropy_{weight:g}' for weight in TARGET_WEIGHTS['cross_entropy']}
    for row in weights | {*ALPHAS.values(), *GAPS.values(), *CANDIDATES}:
        yield store.result(row, 100, 'val', {'R@1 joint': 10.0}, 1.0, '1')
    for start, kind, seed in product(FEW_LABEL_STARTS, KINDS['basic'], RATE_SEEDS):
        for lr in LEARNING_RATES[kind]:
            lucky = luck if (lr, seed) == (LEARNING_RATES[kind][0], 101) else 0.0
            top1 = 50.0 - 10 * abs(log10(lr / 0.003)) + lucky
            yield store.result(f'few_{start}_{kind}_4_lr{lr:g}', seed, 'val', {'top1': top1}, 1.0, '1')


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.setattr(store, 'PUBLISHED', tmp_path / 'results.json')
    for module in (settings, tables):
        monkeypatch.setattr(module, 'CHOSEN', tmp_path / 'settings.json')


@pytest.mark.parametrize('luck', [10.0, 40.0])
def test_a_rate_is_chosen_by_the_mean_of_its_seeds(places, luck):
    store.publish([*tuning_runs(luck), store.result('few_both_motion_4', 0, 'test', {'top1': 99.0}, 1.0, '1')])
    settings.write_chosen()
    for start, kind in product(FEW_LABEL_STARTS, KINDS['basic']):
        assert tuned_rate(start, kind) == (LEARNING_RATES[kind][0] if luck == 40 else 0.003)
    row = {10.0: '– | 48.6 | **50.0** |', 40.0: '– | **58.6** | 50.0 |'}[luck]
    assert f'| both | motion | {row} 44.8 | 40.0 | 34.8 |' in tables.settings()


def test_of_equal_rates_the_smaller_is_taken():
    assert settings.best_rate({0.003: 50.0, 0.001: 50.0, 0.01: 40.0}) == 0.001
