"""Scripts as processes: their seconds, and their end."""

import threading

import jobs
import pytest
import run


def test_seconds_of_a_script_add_up(work, tmp_path):
    script, spent = tmp_path / 'script.py', tmp_path / 'spent.txt'
    script.write_text('import sys\nsum(range(1000000))\nsys.exit(int(sys.argv[1]))\n')
    run.run('works', [script, 0], spent=spent)
    once = run.read_seconds(spent)
    with pytest.raises(RuntimeError, match='fails ended with exit code 3; see '):
        run.run('fails', [script, 3], spent=spent)
    assert run.read_seconds(spent) > once > 0


def test_ctrl_c_ends_what_runs_and_begins_nothing_more(work, tmp_path, monkeypatch):
    script, begun = tmp_path / 'script.py', tmp_path / 'begun'
    script.write_text(f'import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(600)\n')
    ended, later = threading.Event(), []

    def sleeper():
        with pytest.raises(RuntimeError, match='exit code -15'):
            run.run('sleeper', [script])
        with pytest.raises(RuntimeError, match='did not start'):  # what would come after it in the job
            run.run('next', [script])
        ended.set()

    def interrupted(futures):
        while not begun.exists():
            pass
        yield from ()
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, 'as_completed', interrupted)
    monkeypatch.setattr(run, 'GRACE', 0.0)
    with pytest.raises(KeyboardInterrupt):
        jobs.run_jobs([('sleeper', sleeper), ('later', lambda: later.append(1))], lanes=1)
    assert ended.is_set()
    assert later == []
    run.allow_running()
