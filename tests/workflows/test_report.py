"""The page of a work directory says what ran, how sure its figures are, and shows the nearest videos."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

from cmvl_mm.cli.main import main
from cmvl_mm.evaluation.features import Features, save_features
from cmvl_mm.workflows.report import ReportError, report


@pytest.fixture
def work_dir(tmp_path, controlled_set):
    """As a training, a test and --dump-features leave it; the test videos lie in the controlled set."""
    run = tmp_path / 'run' / '20260101_000001'
    (run / 'vis_data').mkdir(parents=True)
    rows = [
        {'loss': 5.0 - step / 50, 'acc_context': 0.25, 'lr': 0.1, 'epoch': 1, 'step': step} for step in range(1, 90)
    ]
    rows.append({'retrieval_paper/R@1': 25.0, 'retrieval_paper/queries': 8, 'step': 1})
    (run / 'vis_data' / 'scalars.json').write_text(''.join(json.dumps(row) + '\n' for row in rows))
    (run / 'vis_data' / 'config.py').write_text(
        f'train_dataloader = dict(batch_size=16, dataset=dict(ann_file={str(controlled_set / "train.txt")!r}))\n'
        f'test_dataloader = dict(dataset=dict(data_prefix=dict(video={str(controlled_set)!r})))\n'
        'train_cfg = dict(max_epochs=3)\n'
    )
    (run.parent / 'demo_pretrain.py').write_text('')
    (run / f'{run.name}.json').write_text(
        json.dumps({'finetune/top1': 0.5, 'finetune/top5': 1.0, 'videos': 8, 'classes': 4})
    )
    paths = np.array([f'videos/train{i}.mp4' for i in range(3)] + ['videos/test0.mp4'])
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1], [1, 0.05]], dtype=np.float32)
    save_features(Features(vectors, np.array([0, 1, 2, 0]), np.arange(4) == 3, paths), run.parent / 'features.npz')
    return run.parent


def test_a_page_of_a_work_directory(work_dir, tmp_path):
    result = CliRunner().invoke(main, ['report', str(work_dir), '-o', str(tmp_path / 'page.html')])
    assert (result.exit_code, result.output) == (0, f'{tmp_path / "page.html"}\n')
    page = (tmp_path / 'page.html').read_text()
    assert '<td>demo_pretrain</td>' in page
    assert '8 videos, 8 classes' in page
    assert '89 iterations, 1 of 3 epochs' in page
    assert '<td>finetune/top1</td><td>50.0</td><td>21.5 to 78.5</td><td>8</td>' in page  # Wilson of 4 in 8
    assert 'top5' not in page  # of 4 classes
    assert '<td>retrieval_paper/R@1</td><td>25.0</td><td>7.1 to 59.1</td><td>8</td>' in page
    assert page.count('data:image/png;base64,') == 1
    assert page.count('data:image/webp;base64,') == 4  # the query and three neighbours
    assert re.search(r'tile same"><img alt="videos/train0', page)
    assert 'http' not in page


def test_a_test_below_the_work_directory_counts_with_classes_by_name(work_dir, controlled_set, tmp_path):
    """As `cmvl finetune` leaves it; the report of preparing the videos is no test."""
    (work_dir / 'test').mkdir()
    for name in ('20260101_000001/20260101_000001.json', 'features.npz'):
        (work_dir / 'test' / name).parent.mkdir(exist_ok=True)
        (work_dir / name).rename(work_dir / 'test' / name)
    (work_dir / 'prepared').mkdir()
    (work_dir / 'prepared' / 'report.json').write_text('{"videos": 3}')
    (tmp_path / 'classes.txt').write_text('walk\nfall\nsit\n')
    config = next(work_dir.glob('*/vis_data/config.py'))
    listed = f'test_dataloader = dict(dataset=dict(ann_file={str(tmp_path / "test.txt")!r}, '
    config.write_text(config.read_text().replace('test_dataloader = dict(dataset=dict(', listed))
    page = report(work_dir, tmp_path / 'page.html').read_text()
    assert '<td>finetune/top1</td><td>50.0</td><td>21.5 to 78.5</td><td>8</td>' in page
    assert 'Figures of test/20260101_000001/20260101_000001.json;' in page
    assert re.search(r'<b>query</b>\s*· walk\n', page)
    assert page.count('data:image/webp;base64,') == 4


def test_videos_that_are_gone_are_said_and_nothing_at_all_is_an_error(work_dir, tmp_path):
    config = next(work_dir.glob('*/vis_data/config.py'))
    config.write_text(config.read_text().replace('video=', "video='/nowhere', other="))
    page = report(work_dir, tmp_path / 'page.html').read_text()
    assert 'some of its videos are not below /nowhere, such as ' in page
    (tmp_path / 'empty').mkdir()
    for folder, message in (('empty', 'no log of a training or a test. Remedy'), ('none', 'no such folder. Remedy')):
        with pytest.raises(ReportError, match=message):
            report(tmp_path / folder, tmp_path / 'page.html')
