"""RELIABILITY.md is what the outcomes in the repository say, and is renewed a topic at a time."""

import json

import published
import pytest
import run_all

FOUND = dict(promise='It holds.', tested='twice', figure='2 of 2', held=True, guard='tests/a.py::test')


def outcome(figure, **others):
    findings = [FOUND | dict(figure=figure)]
    return dict(date='2026-01-02', commit='abc', minutes=1.5, machine='a machine', **others, findings=findings)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A repository with two topics, the second with a note, and runs that are counted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(published, 'OUTCOMES', tmp_path / 'outcomes.json')
    monkeypatch.setattr(published, 'DOCUMENT', tmp_path / 'page.md')
    published.publish('several_nodes', outcome('5 of 5', note='Beside other work.'))
    published.publish('resume', outcome('old'))
    return tmp_path


def runs(monkeypatch, failing=()):
    """What `run_all` runs from here on, in place of the heavy checks; topics of `failing` end by an error."""
    begun = []

    def run(topic, size):
        begun.append(topic)
        if topic in failing:
            raise KeyboardInterrupt
        return outcome(f'new from {topic}')

    monkeypatch.setattr(run_all, 'run', run)
    return begun


def sections(folder):
    first, *others = (folder / 'page.md').read_text().split('\n## ')
    return dict(start=first) | {text.split('\n')[0]: text for text in others}


def test_the_committed_page_is_what_the_committed_outcomes_say():
    outcomes = published.load_published()
    assert list(outcomes) == list(published.TOPICS)
    assert published.DOCUMENT.read_text() == published.document(outcomes)


def test_a_run_of_a_topic_changes_its_section_alone(store, monkeypatch):
    before = sections(store)
    assert list(before) == ['start', 'Resume', 'Several machines']  # in the order of the page
    assert 'Beside other work.\n' in before['Several machines']
    runs(monkeypatch)
    run_all.main(['--only', 'several_nodes'])
    after = sections(store)
    assert 'new from several_nodes' in after.pop('Several machines')
    assert 'Beside' not in (store / 'page.md').read_text()
    assert after == {name: text for name, text in before.items() if name in after}
    assert json.loads((store / 'outcomes.json').read_text())['resume'] == outcome('old')


def test_a_run_that_was_stopped_publishes_what_it_finished_and_goes_on_with_the_rest(store, monkeypatch):
    runs(monkeypatch, failing=['several_nodes'])
    with pytest.raises(KeyboardInterrupt):
        run_all.main(['--only', 'resume', 'several_nodes'])
    assert 'new from resume' in sections(store)['Resume']
    assert '5 of 5' in sections(store)['Several machines']
    begun = runs(monkeypatch)
    run_all.main(['--only', 'resume', 'several_nodes'])
    assert begun == ['several_nodes']
    run_all.main(['--only', 'resume', 'several_nodes'])  # all had ended, so this is a new run
    assert begun[1:] == ['resume', 'several_nodes']


def test_a_broken_promise_is_published_and_ends_with_an_error(store, monkeypatch):
    fallen = outcome('0 of 2')
    fallen['findings'][0]['held'] = False
    monkeypatch.setattr(run_all, 'run', lambda topic, size: fallen)
    with pytest.raises(SystemExit, match=r'Not held: It holds\.'):
        run_all.main(['--only', 'resume'])
    assert '| 0 of 2 | **NOT HELD** |' in sections(store)['Resume']


def test_the_page_is_written_without_a_run_and_trials_leave_it(store, monkeypatch, capsys):
    begun, page = runs(monkeypatch), (store / 'page.md').read_text()
    (store / 'page.md').unlink()
    run_all.main(['--report'])
    assert (begun, (store / 'page.md').read_text()) == ([], page)
    run_all.main(['--size', 'light', '--only', 'resume', '--out', 'trial.md'])
    assert (store / 'page.md').read_text() == page
    assert 'new from resume' in (store / 'trial.md').read_text()
    with pytest.raises(SystemExit):
        run_all.main(['--out', 'trial.md'])
    assert '--out trial.md is for trials (--size light)' in capsys.readouterr().err
