"""Figures of a test as a reader sees them: one unit, intervals, no top-5 of few classes."""

import numpy as np
import pytest
from mmaction.evaluation import mean_class_accuracy

from cmvl_mm.evaluation.intervals import wilson
from cmvl_mm.evaluation.summary import figure_rows, figures_of, summary_lines


def test_shares_and_percents_become_one_unit_with_the_interval_of_their_videos():
    tested = {
        'retrieval_paper/R@1': 25.0, 'retrieval_paper/queries': 8, 'retrieval_paper/gallery': 90,
        'finetune/top1': 0.25, 'finetune/mean1': 0.5, 'videos': 16, 'time': 0.2,
    }  # fmt: skip
    recall, top1, mean1 = figures_of(tested)
    assert [figure.percent for figure in (recall, top1, mean1)] == [25.0, 25.0, 50.0]
    assert recall.interval == pytest.approx([100 * end for end in wilson(2, 8)])
    assert top1.interval == pytest.approx([100 * end for end in wilson(4, 16)])
    assert (mean1.interval, mean1.n) == (None, None)  # no share of videos
    assert 'among the 1 nearest' in recall.says


@pytest.mark.parametrize(('named', 'value'), [(1, 0.75), (2, 0.5)])
def test_mean1_says_what_becomes_of_a_class_without_test_videos(named: int, value: float):
    labels = [0, 0, 1, 1]  # class 2 has none
    scores = np.eye(3)[[0, named, 1, 1]]
    assert mean_class_accuracy(list(scores), labels) == pytest.approx(value)
    [mean1] = figures_of({'finetune/mean1': value})
    assert 'a class without test videos counts as 0 if a video is classified as it' in mean1.says


def test_top5_is_left_out_of_fewer_than_six_classes():
    tested = {'finetune/top1': 0.5, 'finetune/top5': 1.0, 'videos': 4}
    for classes, names in ((2, ['finetune/top1']), (5, ['finetune/top1']), (6, ['finetune/top1', 'finetune/top5'])):
        assert [figure.name for figure in figures_of(tested | {'classes': classes})] == names
        assert any('top5' in line for line in summary_lines(tested | {'classes': classes})) == (len(names) == 2)


def test_a_log_names_every_figure_and_keeps_what_it_does_not_know():
    tested = {'linear/top1': 0.5, 'linear/queries': 4, 'linear/lr': 0.01, 'linear/held_out_lr_0.01': 0.75, 'other': 'x'}
    text = '\n'.join(summary_lines(tested))
    assert 'linear/top1: share of test videos whose highest score is their class' in text
    assert 'linear/lr: 0.01' in text
    assert 'other: x' in text
    assert figure_rows(figures_of(tested))[1:] == [
        ['linear/top1', '50.0', '15.0 to 85.0', '4'],
        ['linear/held_out_lr_0.01', '75.0', '', ''],
    ]
    assert summary_lines({'time': 0.5}) == ['time: 0.5']
