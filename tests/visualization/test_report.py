"""Logs become rows, rows become tables, and the report needs nothing but itself."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from cmvl_mm.engine.logs import read_curves, read_test, read_validations
from cmvl_mm.evaluation.features import Features
from cmvl_mm.evaluation.tables import text_table
from cmvl_mm.visualization.figures import Curve, draw_curves, draw_gallery
from cmvl_mm.visualization.overlay import draw_sample
from cmvl_mm.visualization.report import html_figure, html_table, write_report


def log(folder, name, rows):
    path = folder / name / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(json.dumps(row) + '\n' for row in rows))


def test_curves_of_a_resumed_run_are_joined_and_the_later_run_counts(tmp_path):
    log(
        tmp_path,
        '20260101_000001',
        [{'loss': 3.0, 'step': 1}, {'loss': 2.0, 'step': 2}, {'finetune/top1': 0.5, 'step': 2}],
    )
    log(tmp_path, '20260101_000002', [{'loss': 1.5, 'step': 2}, {'loss': 1.0, 'step': 3}])
    assert [(row['step'], row['loss']) for row in read_curves(tmp_path)] == [(1, 3.0), (2, 1.5), (3, 1.0)]


def test_parts_of_rows_are_passed_over_with_a_warning(tmp_path, caplog):
    """A kill leaves the beginning of a row at the end; a disk that was full, before another row."""
    log(tmp_path, '20260101_000001', [{'loss': 3.0, 'step': 1}])
    path = tmp_path / '20260101_000001' / 'vis_data' / 'scalars.json'
    with path.open('a') as file:
        file.write('{"loss": 2.5, "st{"loss": 2.0, "step": 2}\n{"retrieval/R@1": 9.0, "step": 1}\n\n{"loss": 1')
    assert [(row['step'], row['loss']) for row in read_curves(tmp_path)] == [(1, 3.0), (2, 2.0)]
    assert read_validations(tmp_path) == {1: {'retrieval/R@1': 9.0, 'step': 1}}
    lines = [record.getMessage() for record in caplog.records]
    assert [line.partition(': ')[0].removeprefix(f'{path}, ') for line in lines[:2]] == ['line 2', 'line 5']


def test_newest_test_counts_and_none_or_a_damaged_one_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match='no finished test'):
        read_test(tmp_path)
    for name, text in (('20260101_000001', '{"finetune/top1": 0.1}'), ('20260101_000002', '{"finetune/top1": 0.2}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / f'{name}.json').write_text(text)
    assert read_test(tmp_path) == {'finetune/top1': 0.2}
    (tmp_path / name / f'{name}.json').write_text('{"finetune/top1": 0.')
    with pytest.raises(ValueError, match=r'20260101_000002\.json: no figures of a test.*Remedy'):
        read_test(tmp_path)


def test_tables_align_and_escape():
    rows = [['', 'R@1'], ['<b>', '9.5'], ['long name', '10.0']]
    lines = text_table(rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[2].endswith(' 9.5')
    assert '<td>&lt;b&gt;</td>' in html_table(rows)


def test_report_is_one_self_contained_file(tmp_path):
    figure = draw_curves({'loss': [Curve('a', [{'step': 1, 'loss': 1.0}, {'step': 2}], 'loss')]})
    write_report(tmp_path / 'report.html', 'Title & more', {'Curves': [html_figure(figure)]})
    page = (tmp_path / 'report.html').read_text()
    assert 'data:image/png;base64,' in page
    assert 'http' not in page
    assert 'Title &amp; more' in page
    assert [path.name for path in tmp_path.iterdir()] == ['report.html']


@pytest.mark.parametrize('dtype', [bool, int])
def test_gallery_frames_say_who_is_right(controlled_set, dtype):
    paths = [f'videos/train{i}.mp4' for i in range(3)] + ['videos/test0.mp4']
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1], [1, 0.05]], dtype=np.float32)
    found = Features(vectors, np.array([0, 1, 2, 0]), np.array([0, 0, 0, 1], dtype), np.array(paths))
    figure = draw_gallery(found, found.labels, controlled_set, queries=1, neighbours=3)
    colours = [ax.spines['top'].get_edgecolor()[:3] for ax in figure.axes[1:]]
    green, red = (plt.matplotlib.colors.to_rgb(name) for name in ('limegreen', 'red'))
    assert colours == [green, red, red]
    plt.close(figure)


def test_arrows_point_where_the_vectors_do():
    maps = torch.zeros(2, 2, 3, 12, 12)
    maps[0, 0, 1, 4, 6] = 5.0  # to the right, in the middle frame of the positive window
    inputs = dict(imgs=torch.zeros(3, 16, 8, 8, dtype=torch.uint8), iframe=torch.zeros(3, 8, 8, dtype=torch.uint8))
    figure = draw_sample(inputs, maps, 'title')
    arrows = figure.axes[9 + 1].collections[0]
    assert arrows.U.tolist() == pytest.approx([5.0 / 4])  # 4 px per frame reach the next arrow, 1 px away
    assert arrows.V.tolist() == [0.0]
    assert len(figure.axes[9].collections[0].U) == 0
    plt.close(figure)
