"""The suite is modules of one folder, imported as its scripts do."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'evidence'))

from store import Result


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """Where the suite works and publishes: nothing is there yet."""
    for name in (
        'few_labels',
        'real_video',
        'rows',
        'store',
        'run',
        'jobs',
        'run_suite',
        'rival_runs',
        'rival_trials',
        'rival_costs',
    ):
        monkeypatch.setattr(import_module(name), 'WORK', tmp_path / 'evidence')
    monkeypatch.setattr(import_module('store'), 'PUBLISHED', tmp_path / 'results.json')
    for name in ('store', 'rival_settings', 'rival_report', 'rival_trials', 'run_rivals'):
        monkeypatch.setattr(import_module(name), 'RIVALS', tmp_path / 'rivals.json')
    monkeypatch.setattr(import_module('rival_settings'), 'CHOSEN', tmp_path / 'rival_settings.json')
    return tmp_path / 'evidence'


@pytest.fixture(scope='session')
def ran():
    """(row, seed, figures): the result of a row."""

    def result(row, seed, figures, **changes):
        facts = dict(split='test', minutes=3.0, settings='1', commit='abc1234', date='2026-01-01', machine='a core')
        return Result(row=row, seed=seed, figures=figures, **(facts | changes))

    return result
