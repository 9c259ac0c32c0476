"""Stopped, failed, changed, tuned: what the comparison keeps, runs again and says."""

import json
from argparse import Namespace
from concurrent.futures import as_completed
from dataclasses import replace

import jobs
import pytest
import real_video
import rival_falls
import rival_settings
import rival_tables
import rival_trials
import run
import run_rivals
import store
import trainings
from mmengine.config import Config
from rival_rows import entries, rival
from rival_settings import FINALISTS, FINE_RATES, RATE, RATES, TEMPERATURE, TRIALS, TUNING_SEED, chosen_options

from cmvl_mm.evaluation.features import NO_DIRECTION

FIGURES = {'R@1 joint': 5.0}


@pytest.fixture
def scripts(work, monkeypatch):
    """Names of what would be run; a script fails where its name has a word of `failing`."""
    begun = []

    def fake(name, command, spent=None):
        begun.append(name)
        if any(word in name for word in fake.failing):
            raise RuntimeError(f'{name} ended with exit code 1; see {name}.txt')
        if spent is not None:
            run.add_seconds(spent, 60.0)

    fake.failing, fake.begun = (), begun
    monkeypatch.setattr(jobs, 'run', fake)
    for module in (jobs, trainings):  # configs are not read: what a digest is of is enough
        monkeypatch.setattr(module, 'config_with', lambda path, options: Config(dict(path=str(path), options=options)))
    monkeypatch.setattr(jobs, 'training_figures', lambda work_dir: {})
    monkeypatch.setattr(jobs, 'figures', lambda dump, row, split: FIGURES)
    for module in (run_rivals, rival_trials):
        monkeypatch.setattr(module, 'make_level', lambda level: None)
    monkeypatch.setattr(run_rivals, 'write_costs', lambda entries: None)
    monkeypatch.setattr(run_rivals, 'write_report', lambda: None)
    return fake


def arguments(*only, **changes):
    asked = dict(
        seeds=1, levels=['basic'], only=only, lanes=1, few_labels=False, falls=None, missing=False, again=False
    )
    return Namespace(**asked | changes)


def test_a_failing_method_is_named_and_the_others_are_finished(scripts, capsys):
    scripts.failing = ('vcop_0_test_train',)
    failures = run_rivals.compare(arguments('vcop', 'pace', 'rotnet'))
    assert [found.row for found in store.load_finished()] == ['rival_pace', 'rival_rotnet']
    assert store.load_published(store.RIVALS) == store.load_finished()
    assert store.load_published() == []
    said = run_rivals.told(failures)
    assert (
        'VCOP, rival_vcop, seed 0: rival_vcop_0_test_train ended with exit code 1; see rival_vcop_0_test_train.txt'
        in said
    )
    assert 'Remedy: ' in said
    assert '1 of 3: 3D-RotNet, rival_rotnet, seed 0; about' in capsys.readouterr().out
    assert store.load_finished()[0].figures == FIGURES | {jobs.CPU_SECONDS: 60.0}


def test_what_is_finished_is_not_run_again(scripts, capsys):
    scripts.failing = ('rotnet_0_test_test',)
    run_rivals.compare(arguments('pace', 'rotnet'))
    scripts.begun.clear()
    scripts.failing = ()
    assert run_rivals.compare(arguments('pace', 'rotnet')) == {}
    assert scripts.begun == ['rival_rotnet_0_test_train', 'rival_rotnet_0_test_test']
    assert '1 of 2 rows were already done, 1 to run\n' in capsys.readouterr().out
    scripts.begun.clear()
    run_rivals.compare(arguments('pace', 'rotnet', seeds=2))
    assert scripts.begun[::2] == ['rival_rotnet_1_test_train', 'rival_pace_1_test_train']


def test_a_result_of_the_repository_counts_where_asked(scripts, work):
    run_rivals.compare(arguments('pace'))
    scripts.begun.clear()
    for path in (work / 'results').iterdir():
        path.unlink()
    run_rivals.compare(arguments('pace', missing=True))
    assert scripts.begun == []
    run_rivals.compare(arguments('pace'))
    assert scripts.begun != []


def test_a_result_of_the_same_configs_is_taken_over_from_the_evidence(scripts):
    entry = next(entry for entry in entries('basic') if entry.key == 'alpha_09')
    known = store.result('vector_maps', 0, 'test', {'R@1 joint': 25.0}, 9.0, jobs.settings_of(entry.row, 0, 'test'))
    store.publish([known, replace(known, row='other', seed=1, settings='another')])
    run_rivals.compare(arguments('alpha_09', seeds=2))
    assert {found.seed: found.figures['R@1 joint'] for found in store.load_finished()} == {0: 25.0, 1: 5.0}
    assert {name.split('_test')[0] for name in scripts.begun} == {'rival_alpha_09_1'}


def test_changed_settings_fail_until_asked_to_run_again(scripts, work):
    run_rivals.compare(arguments('pace', 'rotnet', seeds=2))
    contents = {'pace': dict(options=[f'{RATE}=0.01'], best='lr 0.01', tries={})}
    rival_settings.CHOSEN.write_text(json.dumps(contents))
    (failure,) = run_rivals.compare(arguments('pace', 'rotnet')).values()
    assert 'have changed' in str(failure)
    before = {found.key: found.settings for found in store.load_published(store.RIVALS)}
    scripts.begun.clear()
    assert run_rivals.compare(arguments('pace', 'rotnet', again=True)) == {}
    assert scripts.begun == ['rival_pace_0_test_train', 'rival_pace_0_test_test']
    after = {found.key: found.settings for found in store.load_published(store.RIVALS)}
    assert before.keys() - after.keys() == {'test_rival_pace_1'}  # its settings are gone, and it was not asked for
    assert after['test_rival_pace_0'] != before['test_rival_pace_0']
    assert {path.name for path in (work / 'replaced').glob('*/*')} == {'test_rival_pace_0.json', 'rival_pace_0'}


def test_real_video_is_read_with_the_weights_of_the_rows_and_again_with_other_ones(scripts, work, monkeypatch):
    read = []

    def read_out(row, seed, root):
        read.append((row.name, seed, root))
        settings = real_video.settings_of_read_out(row, seed, root)
        store.save(store.result(real_video.read_out_name(row), seed, 'test', {'R@1': 60.0}, 0.1, settings))

    monkeypatch.setattr(rival_falls, 'prepare', lambda videos: real_video.FALLS)
    monkeypatch.setattr(rival_falls, 'read_out', read_out)
    monkeypatch.setattr(real_video, 'config_with', jobs.config_with)
    asked = dict(levels=['basic', 'hard'], falls='videos')
    assert run_rivals.compare(arguments('pace', 'random', **asked)) == {}
    assert read == [('rival_random', 0, real_video.FALLS), ('rival_pace', 0, real_video.FALLS)]
    assert scripts.begun[-1] == 'rival_pace_0_falls_train'  # which ends at once where the training is finished
    assert {'test_falls_rival_pace_0', 'test_falls_rival_random_0'} <= {
        found.key for found in store.load_published(store.RIVALS)
    }
    run_rivals.compare(arguments('pace', 'random', **asked))
    assert len(read) == 2
    rival_settings.CHOSEN.write_text(json.dumps({'pace': dict(options=[f'{RATE}=0.01'], best='lr 0.01', tries={})}))
    assert run_rivals.compare(arguments('pace', 'random', again=True, **asked)) == {}
    assert [name for name, _, _ in read[2:]] == ['rival_pace']
    assert (work / 'results/test_falls_rival_pace_0.json').exists()


def compare(*only):
    run_rivals.compare(arguments(*only))


def begin_tuning(*only):
    return rival_trials.tune(only, lanes=1, missing=False, again=False)


@pytest.mark.parametrize('begin', [compare, begin_tuning])
def test_what_is_finished_when_it_is_stopped_is_published(scripts, monkeypatch, begin):
    def stopped(futures):
        yield next(as_completed(futures))
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, 'as_completed', stopped)
    with pytest.raises(KeyboardInterrupt):
        begin('rotnet', 'pace')
    published = store.load_published(store.RIVALS)
    assert published == store.load_finished() != []
    run.allow_running()


def tune(monkeypatch, score, *only, full=None):
    """--tune with `score(options)` for joint R@1 in place of trainings; `full` is that of full length."""

    def scored(dump, row, split):
        options = dict(option.split('=') for option in row.options)
        judge = score if full is None or 'train_cfg.max_epochs' in options else full
        return {'R@1 joint': judge({name: float(options[name]) for name in (RATE, TEMPERATURE) if name in options})}

    monkeypatch.setattr(jobs, 'figures', scored)
    return begin_tuning(*only)


def test_every_method_has_as_many_trials_as_ours_and_keeps_the_best(scripts, monkeypatch):
    def score(options):
        return 10.0 - abs(options[RATE] - 0.003) * 1000 + 5 * (options.get(TEMPERATURE) == 0.2)

    assert tune(monkeypatch, score, 'rotnet', 'simclr') == {}
    found = rival_settings.chosen()
    assert found['simclr']['best'] == 'lr 0.003, temperature 0.2'
    assert chosen_options('simclr') == (f'{RATE}=0.003', f'{TEMPERATURE}=0.2')
    assert rival('simclr', 'hard').row.options == chosen_options('simclr')
    assert found['rotnet']['best'] == 'lr 0.003'
    assert [len(each['tries']) for each in found.values()] == [TRIALS, TRIALS]
    assert {f'lr {rate:g}' for rate in (*RATES, 0.0017, 0.0055)} < found['rotnet']['tries'].keys()
    assert {found.split for found in store.load_published(store.RIVALS)} == {'val'}


def test_the_better_of_the_two_best_at_full_length_is_chosen(scripts, monkeypatch):
    def half(options):
        return {0.003: 9.0, 0.001: 8.0}.get(options[RATE], 5.0)

    assert tune(monkeypatch, half, 'rotnet', full=lambda options: 20 - 1000 * options[RATE]) == {}
    found = rival_settings.chosen()['rotnet']
    assert found['full'] == {'lr 0.003': 17.0, 'lr 0.001': 19.0}
    assert (found['best'], found['options']) == ('lr 0.001', [])
    assert '| lr 0.003: 17.0; lr 0.001: 19.0 |' in rival_tables.settings()
    whole = [name for name in scripts.begun if '_full_' in name and name.endswith('_train')]
    assert len(whole) == FINALISTS


def test_the_configs_own_values_need_no_option(scripts, monkeypatch):
    tune(monkeypatch, lambda options: -abs(options[RATE] - 0.001), 'rotnet')
    assert chosen_options('rotnet') == ()
    assert rival_settings.chosen()['rotnet']['best'] == 'lr 0.001'


def test_a_trial_that_diverged_is_a_trial_and_not_the_best(scripts, monkeypatch, work):
    """Its features have no direction, so there is nothing to compare; the test's log says so."""
    (work / 'logs').mkdir(parents=True)
    row = f'rival_rotnet_lr0.01_{TUNING_SEED}'
    (work / f'logs/{row}_val_test.txt').write_text(
        f'ValueError: a.mp4: {NO_DIRECTION}; 7 of 832 videos have such a feature.'
    )
    (work / f'runs/{row}').mkdir(parents=True)
    (work / f'runs/{row}/cpu_seconds.txt').write_text('90')
    scripts.failing = ('rotnet_lr0.01_100_val_test',)
    assert tune(monkeypatch, lambda options: options[RATE] if options[RATE] < 0.01 else 0, 'rotnet') == {}
    found = rival_settings.chosen()['rotnet']
    assert found['tries']['lr 0.01'] is None
    assert found['best'] == 'lr 0.0055'
    assert 'lr 0.01: diverged;' in rival_tables.settings()
    scripts.begun.clear()
    tune(monkeypatch, lambda options: 0, 'rotnet')
    assert scripts.begun == []


def test_a_method_whose_trial_failed_is_not_chosen_for(scripts, monkeypatch):
    scripts.failing = ('rotnet_lr0.01',)
    assert len(tune(monkeypatch, lambda options: options[RATE], 'rotnet', 'pace')) == 1
    assert set(rival_settings.chosen()) == {'pace'}
    assert max(FINE_RATES) == 0.03
    assert chosen_options('pace') == (f'{RATE}=0.03',)
