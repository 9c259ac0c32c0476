"""Logs become rows, rows become tables, and the report needs nothing but itself."""

import io
import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

from cmvl_mm.engine.logs import read_curves, read_test, read_validations
from cmvl_mm.evaluation.features import Features
from cmvl_mm.evaluation.tables import text_table
from cmvl_mm.visualization.animated import MOST_BYTES, animated_clip
from cmvl_mm.visualization.figures import Curve, Panel, draw_curves, smoothed
from cmvl_mm.visualization.gallery import Tile, gallery_rows, html_gallery
from cmvl_mm.visualization.overlay import SAMPLE_DPI, draw_sample
from cmvl_mm.visualization.report import html_figure, html_table, write_report
from cmvl_mm.visualization.traced import TracedSample, Window


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
    with pytest.raises(ValueError, match=r'20260101_000002\.json: the file has no test figures.*Remedy'):
        read_test(tmp_path)


def test_tables_align_and_escape():
    rows = [['', 'R@1'], ['<b>', '9.5'], ['long name', '10.0']]
    lines = text_table(rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[2].endswith(' 9.5')
    assert '<td>&lt;b&gt;</td>' in html_table(rows)


def test_report_is_one_self_contained_file(tmp_path):
    curves = [Curve('a', [{'step': 1, 'loss': 1.0}, {'step': 2}], 'loss')]
    figure = draw_curves({'loss': Panel(curves, 'loss, nats')})
    write_report(tmp_path / 'report.html', 'Title & more', {'Curves': [html_figure(figure, 'Falls <fast>.')]})
    page = (tmp_path / 'report.html').read_text()
    assert 'data:image/png;base64,' in page
    assert 'http' not in page
    assert 'Title &amp; more' in page
    assert '<figcaption>Falls &lt;fast&gt;.</figcaption>' in page
    assert [path.name for path in tmp_path.iterdir()] == ['report.html']


def test_curves_have_units_a_chance_line_and_the_mean_over_neighbours():
    rows = [{'step': step, 'acc': 0.5 + (0.1 if step % 2 else -0.1)} for step in range(60)]
    figure = draw_curves({'task': Panel([Curve('a', rows, 'acc')], 'solved, %', 100, chance=6.25)})
    ax = figure.axes[0]
    raw, mean, chance = ax.lines
    assert (ax.get_ylabel(), ax.get_xlabel()) == ('solved, %', 'training iteration')
    assert np.ptp(raw.get_ydata()) == pytest.approx(20)
    assert np.ptp(mean.get_ydata()) < 5  # seven neighbours, so 3 of the one kind and 4 of the other
    assert np.mean(mean.get_ydata()) == pytest.approx(50, abs=0.5)
    assert set(chance.get_ydata()) == {6.25}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ['a', 'chance 6.25']
    assert smoothed([1, 2, 6], 3).tolist() == [1.5, 3, 4]
    plt.close(figure)


@pytest.mark.parametrize('dtype', [bool, int])
def test_gallery_says_who_is_right(dtype):
    paths = [f'videos/train{i}.mp4' for i in range(3)] + ['videos/test0.mp4']
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1], [1, 0.05]], dtype=np.float32)
    found = Features(vectors, np.array([0, 1, 2, 0]), np.array([0, 0, 0, 1], dtype), np.array(paths))
    ((query, *others),) = gallery_rows(found, found.labels, names=['run', 'walk', 'sit'], queries=1, neighbours=3)
    assert query == ('videos/test0.mp4', 'run', None, 'query')
    assert [(tile.path[-10:], tile.label, tile.kind) for tile in others] == [
        ('train0.mp4', 'run', 'same'), ('train1.mp4', 'walk', 'other'), ('train2.mp4', 'sit', 'other'),
    ]  # fmt: skip
    assert others[0].score == pytest.approx(1 / np.sqrt(1 + 0.05**2))


def test_gallery_without_labels_compares_every_video_with_all_others():
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1]], dtype=np.float32)
    found = Features(vectors, np.full(3, -1), np.zeros(3, bool), np.array(['a', 'b', 'c']))
    rows = gallery_rows(found, queries=3, neighbours=5)
    assert [[tile.path for tile in row] for row in rows] == [['a', 'b', 'c'], ['b', 'a', 'c'], ['c', 'b', 'a']]
    assert {tile.kind for row in rows for tile in row[1:]} == {''}


def test_gallery_plays_clips_and_escapes_names(controlled_set, tmp_path):
    (tmp_path / '<b>.mp4').symlink_to(controlled_set / 'videos/train0.mp4')
    block = html_gallery([[Tile('<b>.mp4', 'a & b', None, 'query')]], tmp_path)
    assert '<b>.mp4' not in block
    assert '&lt;b&gt;.mp4' in block
    assert 'a &amp; b' in block
    clip = animated_clip(controlled_set / 'videos/train0.mp4')
    assert len(clip) <= MOST_BYTES
    with Image.open(io.BytesIO(clip)) as picture:
        assert (picture.n_frames, picture.width) == (8, 160)
        first = np.asarray(picture.convert('RGB')).astype(int)
        picture.seek(7)
        assert np.abs(np.asarray(picture.convert('RGB')) - first).max() > 50  # it moves


def window(numbers, mirrored):
    frames = np.full((len(numbers), 8, 8, 3), 10 + numbers[0], np.uint8)
    return Window(np.array(numbers), frames, mirrored)


def test_arrows_point_where_the_vectors_do_over_their_own_frames():
    maps = torch.zeros(2, 2, 3, 12, 12)
    maps[0, 0, 1, 4, 6] = 5.0  # to the right, in the middle frame of the positive window
    inputs = dict(imgs=torch.zeros(3, 16, 8, 8, dtype=torch.uint8), iframe=torch.zeros(3, 8, 8, dtype=torch.uint8))
    windows = window([40, 41, 42], mirrored=False), window([7, 8, 9], mirrored=True)
    sample = TracedSample({}, 'a$b.mp4', 3, np.arange(16) * 2, True, 12, False, windows)
    figure = draw_sample(sample, inputs, maps)
    figure.canvas.draw()
    arrows = figure.axes[9 + 1].collections[0]
    assert arrows.U.tolist() == pytest.approx([5.0 / 4])  # 4 px per frame reach the next arrow, 1 px away
    assert arrows.V.tolist() == [0.0]
    assert len(figure.axes[9].collections[0].U) == 0
    assert [figure.axes[i].get_title() for i in (0, 1, 8, 9, 18)] == [
        'frame 0', 'frame 4', 'I-frame: frame 12', 'frame 40', 'frame 7',
    ]  # fmt: skip
    heads = [row.get_suptitle() for row in figure.subfigs]
    assert ', mirrored; right: the I-frame, not mirrored' in heads[0]
    assert 'positive), over its own frames, not mirrored' in heads[1]
    assert 'hard negative 1, over its own frames, mirrored' in heads[2]
    own, other = (figure.axes[i].images[0].get_array()[0, 0, 0] for i in (9, 18))
    assert own == pytest.approx(0.45 * 50 / 255 + 0.55)  # dimmed, and each over its own
    assert other == pytest.approx(0.45 * 17 / 255 + 0.55)
    assert figure.axes[0].get_window_extent().width * SAMPLE_DPI / figure.dpi >= 112
    plt.close(figure)
