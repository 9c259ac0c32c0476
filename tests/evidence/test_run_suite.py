"""Jobs, results on disk, and the document written from them."""

import threading
import time

import pytest
import report
import run
import run_suite
import store
from rows import ROWS
from store import Result


@pytest.fixture
def places(tmp_path, monkeypatch):
    for module in (store, run, run_suite):
        monkeypatch.setattr(module, 'WORK', tmp_path / 'work')
    monkeypatch.setattr(store, 'PUBLISHED', tmp_path / 'results.json')
    for name in ('DOCUMENT', 'PICTURES', 'FINDINGS', 'CHOSEN'):
        monkeypatch.setattr(report, name, tmp_path / name)
    return tmp_path


def test_a_finished_row_is_not_run_again(places, monkeypatch):
    store.save(store.result('both', 0, 'test', {'R@1 joint': 1 / 3}, 2.0))
    assert store.load_finished()[0].figures == {'R@1 joint': 0.333}
    monkeypatch.setattr(run_suite, 'run', lambda name, command: pytest.fail(name))
    run_suite.train_and_test(ROWS[1], 0, 'test')
    with pytest.raises(pytest.fail.Exception):
        run_suite.train_and_test(ROWS[1], 1, 'test')


def test_a_failed_step_names_its_output(places):
    with pytest.raises(RuntimeError, match=r'row ended with exit code 2; see .*/logs/row\.txt'):
        run.run('row', ['tools/train.py', '--no-such-option'])
    assert 'usage' in (places / 'work/logs/row.txt').read_text()


def test_a_failed_job_stops_the_others_that_wait():
    ran = []

    def fail():
        raise RuntimeError('see the log')

    jobs = [('broken', fail), *((f'job {number}', lambda: (time.sleep(0.05), ran.append(1))) for number in range(50))]
    with pytest.raises(RuntimeError, match='broken failed'):
        run_suite.run_jobs(jobs, lanes=2)
    assert len(ran) < 50
    assert threading.active_count() < 10


def test_one_seed_runs_the_core_and_names_choose(monkeypatch):
    def chosen(*words):
        monkeypatch.setattr('sys.argv', ['run_suite.py', *words])
        return run_suite.chosen_rows(run_suite.parse_args())

    assert chosen('--seeds', '1') == [row for row in ROWS if row.core]
    assert chosen() == list(ROWS)
    assert [row.name for row in chosen('--seeds', '1', '--rows', 'hard_both')] == ['hard_both']


def test_the_document_says_what_was_seen(places):
    def ran(row, seed, **figures):
        return Result(
            row=row, seed=seed, split='test', minutes=3.0, commit='abc1234', date='2026-01-01', figures=figures
        )

    results = [ran('both', seed, **{'R@1 joint': 20 + seed, 'R@1 context': 40, 'R@1 motion': 50}) for seed in range(3)]
    results += [ran('mse', seed, **{'R@1 joint': 10 + seed, 'R@1 context': 60, 'R@1 motion': 20}) for seed in range(3)]
    results += [ran('iframes', seed, **{'R@1 joint': 30, 'R@1 context': 70, 'R@1 motion': 20}) for seed in range(3)]
    results += [ran(f'few_both_motion_{shots}', 0, top1=30.0) for shots in (1, 4)]
    store.publish(results)
    report.write_report(store.load_published())
    text = report.DOCUMENT.read_text()
    assert '| 1 | Pointwise InfoNCE beats mean squared error. | R@1 joint | both 21.0 (1.0) | mse 11.0 (1.0) ' in text
    assert '| +10.0 ± 0.0 | 3 | holds |' in text
    assert '| both 40.0 (0.0) | iframes 70.0 (0.0) | -30.0 ± 0.0 | 3 | **does not hold** |' in text
    assert '| 0 | not run |' in text
    assert '33 minutes' in text
    assert 'abc1234' in text
    assert {path.name for path in report.PICTURES.glob('*.png')} == {
        'recalls_basic.png', 'alphas.png', 'few_labels.png'
    } - {'alphas.png'}  # fmt: skip
    assert (places / 'PICTURES/recalls_basic.png').stat().st_size > 5000
