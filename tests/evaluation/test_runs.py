"""Mean and deviation over runs, from the files that tests leave behind."""

import json
import sys

import pytest

from cmvl_mm.evaluation.runs import spread


def test_figures_are_those_of_a_sample_of_runs_that_compare():
    tests = [{'finetune/top1': value, 'time': 9.0 * value, 'data_time': 1.0} for value in (0.5, 0.6, 0.7)]
    figures = spread(tests)
    assert list(figures) == ['finetune/top1']
    assert figures['finetune/top1'].mean == pytest.approx(0.6)
    assert figures['finetune/top1'].deviation == pytest.approx(0.1)  # over n - 1; over n it would be 0.0816
    with pytest.raises(ValueError, match='1 run has no standard deviation'):
        spread([{'knn/top1': 0.5}])
    with pytest.raises(ValueError, match='runs 1 and 3 differ in knn/top1, linear/top1'):
        spread([{'knn/top1': 0.5}, {'knn/top1': 0.5}, {'linear/top1': 0.5}])


def test_command_prints_every_run(repository, tmp_path, monkeypatch, capsys):
    folders = []
    for number, value in ((1, 41.0), (2, 43.0)):
        folder = tmp_path / f'run_split{number}'
        for stamp, figure in (('20260101_000001', 0.0), ('20260101_000002', value)):  # the newest counts
            (folder / stamp).mkdir(parents=True)
            (folder / stamp / f'{stamp}.json').write_text(json.dumps({'retrieval_paper/R@1': figure, 'time': 1.0}))
        folders.append(str(folder))
    monkeypatch.syspath_prepend(str(repository / 'tools'))
    monkeypatch.setattr(sys, 'argv', ['mean_over_runs.py', *folders])
    import mean_over_runs

    mean_over_runs.main()
    printed = capsys.readouterr().out
    assert f'run 2: {folders[1]}' in printed
    assert printed.splitlines()[-1].split() == ['retrieval_paper/R@1', '41.0000', '43.0000', '42.0000', '1.4142']
