"""What the screen shows of a training and of a test by our tools, and what is in the log file alone."""

import json
import logging
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from cmvl_mm.cli.main import main
from cmvl_mm.engine import progress as module
from cmvl_mm.engine import screen
from cmvl_mm.engine.progress import ProgressLines, progress
from cmvl_mm.engine.screen import ON_SCREEN, ScreenHandler


@pytest.fixture(scope='module')
def trained(repository, controlled_set, tmp_path_factory):
    """(work directory, screen) of 2 epochs of 4 steps of the demo's finetuning, narrow, as a user starts it."""
    folder = tmp_path_factory.mktemp('screen')
    options = {
        'train_dataloader.dataset.ann_file': controlled_set / 'train.txt',
        'train_dataloader.dataset.data_prefix.video': controlled_set,
        'test_dataloader.dataset.ann_file': controlled_set / 'test.txt',
        'test_dataloader.dataset.data_prefix.video': controlled_set,
        'train_dataloader.batch_size': 2,
        'train_dataloader.num_workers': 0,
        'test_dataloader.num_workers': 0,
        'model.backbone.width': 4,
        'model.cls_head.in_channels': 32,
        'model.cls_head.num_classes': 8,
        'model.init_cfg': None,
        'train_cfg.max_epochs': 2,
    }
    words = [sys.executable, 'tools/train.py', 'configs/demo/finetune.py', '--work-dir', folder]
    words += ['--cfg-options', *(f'{key}={value}' for key, value in options.items())]
    environment = {key: value for key, value in os.environ.items() if key != 'PYTHONWARNINGS'}
    done = subprocess.run(
        list(map(str, words)), cwd=repository, env=environment, text=True, check=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
    )  # fmt: skip
    return folder, done.stdout


def test_a_training_shows_run_device_data_progress_and_results_and_little_else(trained):
    folder, shown = trained
    lines = shown.splitlines()
    assert len(lines) < 12, shown
    for part in (
        f'run: finetune.py in {folder}', 'device: ', 'training data: 8 videos of train.txt', 'training: 8/8 steps',
        'epoch 2/2, loss ', 'last steps: loss ', 'acc_cls ', f'weights: {folder}/epoch_2.pth',
    ):  # fmt: skip
        assert part in shown, shown
    for noise in ('System environment', 'custom_hooks', 'mmcv', 'Fail to import', 'deprecated', 'INFO'):
        assert noise not in shown, shown


def test_the_log_file_has_environment_and_config_and_what_the_screen_shows(trained):
    folder, shown = trained
    (log,) = folder.glob('*/*.log')
    assert f'log: {log}' in shown
    text = log.read_text()
    for part in (
        'System environment:',
        'PyTorch: ',
        'custom_hooks = [',
        "type='SkippedVideosHook'",
        'last steps: loss',
    ):
        assert part in text
    assert text.count('Epoch(train)') == 2


def test_cmvl_test_takes_a_work_directory_and_says_percent(trained, monkeypatch, tmp_path):
    folder, _ = trained
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ['test', str(folder), '--json'])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found['config'] == str(folder / 'finetune.py')
    assert found['checkpoint'] == str(folder / 'epoch_2.pth')
    assert found['work_dir'] == str(folder / 'test')
    top1 = next(figure for figure in found['figures'] if figure['name'] == 'finetune/top1')
    assert top1['percent'] == 100 * found['raw']['finetune/top1']
    assert top1['interval'][0] <= top1['percent'] <= top1['interval'][1]
    assert top1['n'] == found['raw']['videos'] == 8
    for part in (
        'test data: 8 videos of test.txt', f'Load checkpoint from {folder}/epoch_2.pth', 'testing: ', 'finetune/top1',
        f'{top1["percent"]:.1f}', '95 % interval',
    ):  # fmt: skip
        assert part in result.stderr, result.stderr
    assert len(result.stderr.splitlines()) < 20


@pytest.mark.parametrize(
    ('words', 'code', 'reason'),
    [
        (['{}'], 1, 'this work directory has no config. Remedy: '),
        (['demo/pretrain'], 1, 'train a classifier from its weights with `cmvl finetune FOLDER --from WORK_DIR`'),
        (['demo/retriev'], 1, 'such as demo/retrieval'),
        (['demo/retrieval', '--sha256', '0' * 64], 2, '--sha256 needs a checkpoint'),
        (['demo/retrieval', '--dump', 'a.txt'], 2, 'must end in .pkl'),
    ],
)
def test_what_cannot_be_tested_is_one_line(tmp_path, words, code, reason):
    result = CliRunner().invoke(main, ['test', *(word.format(tmp_path) for word in words)])
    assert (result.exit_code, reason in result.output) == (code, True), result.output


@pytest.mark.parametrize(
    ('main_process', 'expected'), [(True, ('seen\n', 'WARNING: w\nERROR: e\n')), (False, ('', 'ERROR: e\n'))]
)
def test_other_processes_show_errors_alone(monkeypatch, capsys, main_process, expected):
    monkeypatch.setattr(screen, 'is_main_process', lambda: main_process)
    logger = logging.Logger('screen')
    logger.addHandler(ScreenHandler())
    logger.info('in the file alone')
    logger.info('seen', extra=ON_SCREEN)
    logger.warning('w')
    logger.warning('"FileClient" will be deprecated in future.')
    logger.error('e')
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == expected


def test_lines_in_the_place_of_a_bar_come_now_and_then(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(module.time, 'monotonic', lambda: now[0])
    bar = progress(10, 'training', 'steps', initial=4)
    assert isinstance(bar, ProgressLines)
    for _ in range(3):
        now[0] += 16
        bar.set_postfix(refresh=False, loss='0.5')
        bar.update()
    assert capsys.readouterr().err == 'training: 6/10 steps, 00:32 passed, 01:04 left, loss 0.5\n'
    bar.close()
    assert capsys.readouterr().err == 'training: 7/10 steps, 00:48 passed, 00:48 left, loss 0.5\n'
    monkeypatch.setattr(sys.stderr, 'isatty', lambda: True, raising=False)
    bar = progress(10, 'training', 'steps')
    bar.update()
    bar.close()
    assert '1/10' in capsys.readouterr().err
