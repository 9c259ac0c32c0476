"""The comparison's rows: one budget of clips, configs and options that fit, and what the methods say of themselves."""

import pytest
from jobs import settings_of
from rival_costs import BUDGET, CLIP_PLACES, TOLERANCE, VIDEOS, digest_of_step, load_costs
from rival_rows import FIT_FUTURE, FOLDER, LEVELS, METHODS, OURS, departure, entries, rival
from rival_settings import RATE, TEMPERATURE, TRIALS, first_trials, has_temperature, later_trials, shortened
from rows import BY_NAME, CONFIGS, options_of_test, options_of_training
from run import config_with
from settings import ALPHAS, GAPS
from store import OF_RIVALS

from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.fast_step import spell_out

TRAINED = [entry for entry in entries('basic') if entry.row.train is not None and entry.key != 'measured']


@pytest.fixture(scope='module')
def configs():
    """Of all trainings, by key."""
    return {entry.key: load_config(entry.row.training) for entry in TRAINED}


@pytest.mark.parametrize('entry', TRAINED, ids=lambda entry: entry.key)
def test_every_training_passes_the_same_number_of_clips(entry, configs):
    """Counts of whole_step.py, which takes a step of the very config; its own test is in tests/benchmarks."""
    cost, config = load_costs()[entry.key], configs[entry.key]
    assert cost.settings == digest_of_step(config), 'Remedy: python evidence/run_rivals.py --report'
    assert 0 < cost.learnt <= cost.clips
    assert (cost.epochs, cost.batch) == (config.train_cfg.max_epochs, config.train_dataloader.batch_size)
    assert BUDGET <= cost.passes <= (1 + TOLERANCE) * BUDGET
    assert VIDEOS % cost.batch == 0  # no video of an epoch is dropped
    if entry.key not in ('jigsaw', 'buechler', 'speednet'):  # their pictures are of other sizes
        assert cost.places == cost.clips * CLIP_PLACES
    if entry.kind == 'rival':
        assert config.default_hooks == configs['both'].default_hooks  # the last checkpoint is kept
        assert config.optim_wrapper == configs['both'].optim_wrapper


def test_all_methods_have_a_row_and_a_name_of_their_own():
    assert {path.stem for path in FOLDER.glob('*.py')} == METHODS.keys()
    rows = [entry.row for level in LEVELS for entry in entries(level)]
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.name.startswith(OF_RIVALS) for row in rows)
    assert not any(OF_RIVALS in name for name in BY_NAME)
    assert {entry.key for entry in entries('future') if entry.kind == 'rival'} == set(FIT_FUTURE)


@pytest.mark.parametrize('level', LEVELS)
@pytest.mark.parametrize('key', ['random', 'measured', 'supervised', 'alpha_09', 'rotnet'])
def test_options_fit_and_everything_is_read_from_the_rows_own_level(key, level):
    row = next(entry.row for entry in entries(level) if entry.key == key)
    tested = config_with(CONFIGS / f'{row.test}.py', options_of_test(row, 'test')).test_dataloader.dataset
    lists = [(tested, tested.query), (tested, tested.gallery)]
    if row.train is not None:
        config = config_with(row.training, options_of_training(row, 0))
        lists.append((config.train_dataloader.dataset, config.train_dataloader.dataset.ann_file))
        assert (0 < config.optim_wrapper.optimizer.lr < 1e-20) == (key == 'measured')
        if key in ('measured', 'supervised'):
            assert config.model.cls_head.num_classes == {'hard': 144}.get(level, 64)
    for dataset, path in lists:
        assert dataset.data_prefix.video == f'work_dirs/evidence/{level}'
        assert path.startswith(f'work_dirs/evidence/{level}/annotations/')
    assert lists[0][1].endswith('test_joint.txt')


def test_ours_are_the_rows_of_the_evidence():
    ours = {entry.key: entry.row for entry in entries('basic')}
    same = ('iframes', 'clip_motion', 'steady_clip_motion')
    pairs = dict(alpha_09='vector_maps', far_future_09='far_vector_maps', **{key: key for key in same})
    for key, name in pairs.items():
        assert settings_of(ours[key], 0, 'test') == settings_of(BY_NAME[name], 0, 'test')
    assert OURS.keys() < ours.keys()


@pytest.mark.parametrize('key', METHODS)
def test_what_a_method_says_of_itself_is_no_more_than_that(key):
    assert 10 < len(departure(key)) < 300
    assert 'Protocol' not in departure(key)


@pytest.mark.parametrize('key', METHODS)
def test_a_trial_is_half_a_training_whose_rate_falls_at_its_end(key, configs):
    row = rival(key, 'basic', (f'{RATE}=0.003', *shortened(configs[key])), '_lr0.003').row
    config, whole = config_with(row.training, options_of_training(row, 100)), configs[key]
    assert config.train_cfg.max_epochs == whole.train_cfg.max_epochs // 2 > 1
    (scheduler,) = config.param_scheduler
    assert (scheduler.begin, scheduler.end) == (config.train_cfg.max_epochs // 2, config.train_cfg.max_epochs)
    assert (scheduler.type, config.optim_wrapper.optimizer.lr) == (whole.param_scheduler[0].type, 0.003)
    assert 'fast_step.precision: bf16' in spell_out(config, 'cuda')


def test_a_rival_has_as_many_trials_as_the_best_of_ours(configs):
    """Weights, then gaps at the best weight; one of the gaps is the first trials' own."""
    assert len({*ALPHAS.values(), *GAPS.values()}) == TRIALS
    for key in METHODS:
        for best in (0.0003, 0.001, 0.01):
            trials = first_trials() + later_trials(best, has_temperature(configs[key]))
            assert len({tuple(trial.items()) for trial in trials}) == TRIALS
            rates = {trial[RATE] for trial in trials}
            assert best == 0.001 or min(rates) < best < max(rates)  # none is the best for want of a next one
        assert configs[key].optim_wrapper.optimizer.lr in [trial[RATE] for trial in trials]
        temperatures = {trial[TEMPERATURE] for trial in trials if TEMPERATURE in trial}
        assert configs[key].model.pretext_head.get('temperature') not in temperatures
    with_one = {key for key in METHODS if has_temperature(configs[key])}
    assert with_one == {'dsm', 'vtdl', 'vthcl', 'cbt', 'simclr', 'moco', 'iic', 'tclr'}
