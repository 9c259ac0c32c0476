"""Jobs, results on disk, and the document written from them."""

import jobs
import pytest
import report
import run_suite
import store
import tables
from rows import BY_NAME, CONFIGS, ROWS, options_of_test, options_of_training
from run import config_with
from trainings import trainings_of, trainings_of_start


@pytest.fixture
def places(work, tmp_path, monkeypatch):
    for name in ('DOCUMENT', 'PICTURES', 'FINDINGS'):
        monkeypatch.setattr(report, name, tmp_path / name)
    monkeypatch.setattr(tables, 'CHOSEN', tmp_path / 'CHOSEN')
    return tmp_path


def settings_of(name, seed=0):
    """Of a row's test and training."""
    return jobs.settings_of(BY_NAME[name], seed, 'test')


def test_a_finished_row_is_not_run_again(places, monkeypatch):
    store.save(store.result('both', 0, 'test', {'R@1 joint': 1 / 3}, 2.0, settings_of('both')))
    assert store.load_finished()[0].figures == {'R@1 joint': 0.333}
    monkeypatch.setattr(jobs, 'run', lambda name, command, **more: pytest.fail(name))
    jobs.train_and_test(ROWS[1], 0, 'test')
    with pytest.raises(pytest.fail.Exception):
        jobs.train_and_test(ROWS[1], 1, 'test')


def test_settings_are_those_of_test_and_all_trainings():
    tests = {
        name: config_with(CONFIGS / f'{BY_NAME[name].test}.py', options_of_test(BY_NAME[name], 'test'))
        for name in ('finetuned', 'm_network', 'both')
    }
    finetuning, pretraining = (
        config_with(CONFIGS / f'{BY_NAME[name].train}.py', options_of_training(BY_NAME[name], 0))
        for name in ('finetuned', 'both')
    )
    assert settings_of('both') == store.digest(tests['both'], pretraining)
    assert settings_of('m_network') == store.digest(tests['m_network'], pretraining)
    assert settings_of('finetuned') == store.digest(tests['finetuned'], finetuning, pretraining)
    assert settings_of('finetuned') != settings_of('finetuned', seed=1)  # starts from another checkpoint
    assert trainings_of(BY_NAME['random'], 0) == trainings_of_start('scratch', 0) == ()


def test_a_published_result_counts_where_asked_and_with_the_same_settings(places, monkeypatch):
    store.publish([store.result('both', 0, 'test', {'R@1 joint': 1.0}, 2.0, settings_of('both'))])
    store.publish([store.result('both', 1, 'test', {'R@1 joint': 1.0}, 2.0, settings_of('current'))])
    monkeypatch.setattr(jobs, 'run', lambda name, command, **more: pytest.fail(name))
    jobs.train_and_test(BY_NAME['both'], 0, 'test', published=True)
    for seed, published in ((0, False), (1, True), (2, True)):
        with pytest.raises(pytest.fail.Exception, match=f'both_{seed}_test_train'):
            jobs.train_and_test(BY_NAME['both'], seed, 'test', published=published)


def test_only_trainings_that_something_missing_begins_with_are_run_again(places):
    dependants = [BY_NAME[name] for name in ('i_network', 'm_network', 'finetuned')]
    everything = [(row, seed) for row in dependants for seed in (0, 1)]
    for row, seed in everything:
        if (row.name, seed) != ('finetuned', 1):
            store.publish([store.result(row.name, seed, 'test', {'top1': 1.0}, 2.0, settings_of(row.name, seed))])

    assert run_suite.wanted_weights(dependants, [], range(2), 'test') == {('both', 1)}
    assert run_suite.wanted_weights(dependants, [], range(2), 'fresh') == {('both', 0), ('both', 1)}


def test_fresh_videos_are_judged_beside_the_test_split(places):
    for split, recalls in (('test', (20.0, 21.0, 22.0)), ('fresh', (9.0, 10.0, 11.0)), ('val', (80.0, 90.0, 99.0))):
        for seed, recall in enumerate(recalls):
            for row, joint in (('both', recall), ('random', 10.0 + seed)):
                found = {'R@1 context': 40.0, 'R@1 motion': 30.0, 'R@1 joint': joint}
                store.publish([store.result(row, seed, split, found, 2.0, '1')])
    report.write_report(store.load_published())
    line = next(
        line for line in report.DOCUMENT.read_text().split('## Fresh')[1].splitlines() if line.startswith('| 9 |')
    )
    assert line.endswith('| R@1 joint | +10.0 ± 0.0 | holds | -1.0 ± 0.0 | 3 | **does not hold** |')


def test_the_document_says_what_was_seen(places, ran):
    results = [ran(f'few_both_motion_{shots}', 0, dict(top1=30.0)) for shots in (1, 4)]
    for seed in range(3):
        for row, joint, context, motion in (
            ('alpha_09', 20 + seed, 40, 50),
            ('both', 20 + seed, 40, 50),
            ('mse', 10 + seed, 60, 20),
            ('iframes', 30, 70, 20),
        ):
            figures = {'R@1 joint': joint, 'R@1 context': context, 'R@1 motion': motion}
            results.append(ran(row, seed, figures))
    for net, epochs in (('c3d', 2), ('r3d26', 60)):
        figures = {f'loss_context, epoch {epochs}': 1.5, f'acc_context, epoch {epochs}': 9.0, 'batch': 16.0}
        results.append(ran(f'full_{net}', 0, figures, minutes=9.0, machine='a GPU'))
    store.publish(results)
    report.write_report(store.load_published())
    text = report.DOCUMENT.read_text()
    assert (
        'beats mean squared error. | R@1 joint | alpha_09 21.0 (1.0) | mse 11.0 (1.0) | +10.0 ± 0.0 | 3 | holds |'
        in text
    )
    assert '| both 40.0 (0.0) | iframes 70.0 (0.0) | -30.0 ± 0.0 | 3 | **does not hold** |' in text
    assert '| 0 | not run |' in text
    assert '42 minutes of one core each, two at a time' in text
    columns = [f'{net}: {key}' for net in ('full_c3d', 'full_r3d26') for key in ('loss_context', 'acc_context')]
    assert f'| epoch | {" | ".join(columns)} |' in text
    assert '| 2 | 1.5 | 9 | – | – |\n| 60 | – | – | 1.5 | 9 |' in text
    assert 'full_c3d, a GPU' in text
    assert 'abc1234' in text
    drawn = {path.name for path in report.PICTURES.glob('*.png')}
    assert drawn == {'recalls_basic.png', 'alphas.png', 'few_labels.png', 'full_size.png'}  # no epochs, no other level
    assert '## Fresh videos\n\nNot run' in text
    assert (places / 'PICTURES/recalls_basic.png').stat().st_size > 5000
