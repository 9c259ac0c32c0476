"""The main job through the command line: pretrain, finetune, test, retrieve; on one process and on two."""

import json
import os
import re
import runpy
import socket
import subprocess
import sys

import numpy as np
import pytest
from mmengine.config import Config

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.logs import read_curves, read_test
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.evaluation.features import load_features
from cmvl_mm.evaluation.retrieval import recall_at


@pytest.fixture(scope='module')
def aborting_end(tmp_path_factory):
    """A folder for PYTHONPATH with which every rank of torchrun's that comes to Python's own end aborts there.

    Gloo does so now and then. The run would be started again, or be called failed, though its work is done.
    """
    folder = tmp_path_factory.mktemp('aborting_end')
    (folder / 'sitecustomize.py').write_text(
        "import atexit, os\nif 'TORCHELASTIC_RESTART_COUNT' in os.environ:\n    atexit.register(os.abort)\n"
    )
    return folder


@pytest.fixture(scope='module')
def tool(repository, aborting_end):
    def run(*words, expect=0):
        environment = os.environ | dict(OMP_NUM_THREADS='1', PYTHONWARNINGS='ignore', PYTHON=sys.executable)
        environment |= dict(PYTHONPATH=str(aborting_end), MAX_RESTARTS='0')
        command = [str(word) for word in words]
        command = ['bash', *command] if command[0].endswith('.sh') else [sys.executable, *command]
        outcome = subprocess.run(
            command, cwd=repository, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert outcome.returncode == expect, outcome.stdout[-2000:] + outcome.stderr[-4000:]
        return outcome.stdout + outcome.stderr

    return run


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope='module')
def lists(controlled_set):
    train = [
        f'train_dataloader.dataset.ann_file={controlled_set}/train.txt',
        f'train_dataloader.dataset.data_prefix.video={controlled_set}',
        'train_dataloader.batch_size=4',
        'train_cfg.max_epochs=2',
        'param_scheduler.0.begin=1',
        'param_scheduler.0.end=2',
    ]
    test = [
        f'test_dataloader.dataset.ann_file={controlled_set}/test.txt',
        f'test_dataloader.dataset.data_prefix.video={controlled_set}',
    ]
    both = [
        f'test_dataloader.dataset.gallery={controlled_set}/train.txt',
        f'test_dataloader.dataset.query={controlled_set}/test.txt',
        f'test_dataloader.dataset.data_prefix.video={controlled_set}',
    ]
    return dict(train=train, test=test, retrieval=both)


@pytest.fixture(scope='module')
def pretrained(tool, lists, tmp_path_factory):
    folder = tmp_path_factory.mktemp('pretrain')
    tool(
        'tools/train.py',
        'configs/demo/pretrain.py',
        '--work-dir',
        folder,
        '--seed',
        3,
        '--cfg-options',
        *lists['train'],
    )
    return folder


@pytest.mark.slow
def test_pretrain_finetune_test_retrieve(tool, lists, pretrained, tmp_path):
    curve = read_curves(pretrained)
    assert curve[-1]['step'] == 4
    assert {'loss', 'loss_context', 'loss_motion', 'acc_context', 'acc_motion'} <= curve[-1].keys()

    start = f'model.init_cfg.checkpoint={pretrained}'
    classes = 'model.cls_head.num_classes=8'
    tool(
        'tools/train.py', 'configs/demo/finetune.py', '--work-dir', tmp_path / 'finetune',
        '--cfg-options', *lists['train'], start, classes,
    )  # fmt: skip
    log = next((tmp_path / 'finetune').glob('*/*.log')).read_text()
    loaded = re.search(r'epoch_2\.pth: loaded (\d+) keys into VideoResNet', log)
    assert loaded is not None
    assert int(loaded.group(1)) > 40
    assert 'left out' in log  # the pretext heads are named, not silently dropped

    checkpoint = tmp_path / 'finetune' / 'epoch_2.pth'
    tool(
        'tools/test.py', 'configs/demo/finetune.py', checkpoint, '--work-dir', tmp_path / 'test',
        '--cfg-options', *lists['test'], classes,
    )  # fmt: skip
    tested = read_test(tmp_path / 'test')
    assert tested['finetune/top1'] in [k / 8 for k in range(9)]
    assert tested['finetune/top5'] >= tested['finetune/top1']

    dump = tmp_path / 'features.npz'
    tool(
        'tools/test.py', 'configs/demo/retrieval.py', pretrained / 'epoch_2.pth', '--work-dir', tmp_path / 'retrieval',
        '--dump-features', dump, '--cfg-options', *lists['retrieval'],
    )  # fmt: skip
    printed, found = read_test(tmp_path / 'retrieval'), load_features(dump)
    assert found.features.shape == (16, 128)
    assert found.is_query.tolist() == [False] * 8 + [True] * 8
    query, gallery = found.is_query, ~found.is_query
    again = recall_at(
        found.features[query], found.labels[query], found.features[gallery], found.labels[gallery], (1, 5)
    )
    assert printed['retrieval_paper/R@1'] == again[1]
    assert printed['retrieval_paper/R@5'] == again[5]


@pytest.mark.slow
def test_two_processes_test_like_one(tool, lists, pretrained, tmp_path, monkeypatch):
    """15 videos on 2 processes: the sixteenth is padding, and must not count."""
    root = lists['retrieval'][2].split('=')[1]
    short = tmp_path / 'query.txt'
    with open(f'{root}/test.txt') as lines:
        short.write_text(''.join(list(lines)[:7]))
    options = [lists['retrieval'][0], f'test_dataloader.dataset.query={short}', lists['retrieval'][2]]
    options += ['test_dataloader.batch_size=2']
    checkpoint = pretrained / 'epoch_2.pth'
    dumps = [tmp_path / 'one.npz', tmp_path / 'two.npz']
    tool(
        'tools/test.py', 'configs/demo/retrieval.py', checkpoint, '--work-dir', tmp_path / 'one',
        '--dump-features', dumps[0], '--cfg-options', *options,
    )  # fmt: skip
    monkeypatch.setenv('PORT', free_port())
    tool(
        'tools/dist_test.sh', 'configs/demo/retrieval.py', checkpoint, 2, '--work-dir', tmp_path / 'two',
        '--dump-features', dumps[1], '--cfg-options', *options,
    )  # fmt: skip
    one, two = (load_features(dump) for dump in dumps)
    assert two.paths.tolist() == one.paths.tolist()
    assert len(two.paths) == 15
    np.testing.assert_allclose(two.features, one.features, rtol=1e-4, atol=1e-5)
    figures = [
        {key: value for key, value in read_test(tmp_path / name).items() if key.startswith('retrieval')}
        for name in ('one', 'two')
    ]
    assert figures[0] == figures[1]


@pytest.mark.slow
def test_two_processes_train_like_one(tool, lists, tmp_path, monkeypatch):
    """The losses of two gloo processes follow one process on the same global batches: fp32, no dropout, 10 steps.

    At a warm-up's rate: at the demo's, 0.001, training magnifies rounding itself. Two runs of one process whose
    starts differ by one unit in the last place are 0.05 apart after 20 steps there, as far as two processes from one.
    That the gradients are the same is shown in fp64, in tests/models/test_recognizer.py.
    """
    steady = [
        *(option for option in lists['train'] if option.startswith('train_dataloader.dataset')),
        'train_cfg.max_epochs=10',
        'param_scheduler.0.begin=5',
        'param_scheduler.0.end=10',
        'model.motion_head.predictor.dropout=0.0',
        'optim_wrapper.optimizer.lr=0.00002',
        'default_hooks.logger.interval=1',
        'default_hooks.checkpoint.interval=10',
        'log_processor.window_size=1',
    ]
    monkeypatch.setenv('PORT', free_port())
    tool(
        'tools/train.py', 'configs/demo/pretrain.py', '--work-dir', tmp_path / 'one',
        '--cfg-options', *steady, 'train_dataloader.batch_size=8',
    )  # fmt: skip
    tool(
        'tools/dist_train.sh', 'configs/demo/pretrain.py', 2, '--work-dir', tmp_path / 'two',
        '--cfg-options', *steady, 'train_dataloader.batch_size=4',
    )  # fmt: skip
    one, two = read_curves(tmp_path / 'one'), read_curves(tmp_path / 'two')
    assert len(one) == len(two) == 10
    for mine, theirs in zip(one, two, strict=True):
        for key in ('loss_context', 'loss_motion'):
            assert theirs[key] == pytest.approx(mine[key], abs=1e-4)
    assert one[-1]['loss'] < one[0]['loss'] - 0.01  # they do learn meanwhile


@pytest.mark.slow
def test_wrong_checkpoints_stop_with_one_clear_error(tool, lists, pretrained, tmp_path):
    untouched = ['--work-dir', tmp_path / 'wrong', '--cfg-options', *lists['test'], 'model.cls_head.num_classes=8']
    log = tool('tools/test.py', 'configs/demo/finetune.py', pretrained / 'epoch_2.pth', *untouched, expect=1)
    assert 'epoch_2.pth does not fit ContextMotionRecognizer: 2 keys are missing: cls_head.fc.weight' in log


def test_no_checkpoint_and_nothing_to_train_are_refused(repository, lists, tmp_path, monkeypatch):
    """In this process, whose readers stay as they are."""
    classes, words = 'model.cls_head.num_classes=8', ['--work-dir', str(tmp_path), '--cfg-options', *lists['test']]
    for name, config, options, error in (
        ('test', 'finetune', [*words, classes], 'cls_head would be random. Remedy: pass a checkpoint to tools/test.py'),
        ('train', 'retrieval', [], 'has nothing to train'),
    ):
        main = runpy.run_path(str(repository / f'tools/{name}.py'))['main']
        monkeypatch.setitem(main.__globals__, 'read_files_as_data', lambda: None)
        monkeypatch.setattr(sys, 'argv', [name, str(repository / f'configs/demo/{config}.py'), *options])
        with pytest.raises((SystemExit, ValueError), match=error):
            main()


@pytest.mark.slow
def test_stock_mmaction2_pipeline_trains_the_classifier(repository, controlled_set, tmp_path):
    """MMAction2's own data set, decord pipeline and preprocessor, hue jitter included."""
    config: Config = load_config(repository / 'configs/demo/finetune.py')
    pipeline = [
        dict(type='DecordInit'),
        dict(type='SampleFrames', clip_len=16, frame_interval=2, num_clips=1),
        dict(type='DecordDecode'),
        dict(type='RandomResizedCrop'),
        dict(type='Resize', scale=(48, 48), keep_ratio=False),
        dict(type='Flip', flip_ratio=0.5),
        dict(type='ColorJitter', hue=0.1),
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='PackActionInputs'),
    ]
    config.train_dataloader = dict(
        batch_size=4,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(
            type='VideoDataset',
            ann_file=str(controlled_set / 'train.txt'),
            data_prefix=dict(video=str(controlled_set)),
            pipeline=pipeline,
        ),
    )
    config.merge_from_dict(
        {
            'work_dir': str(tmp_path),
            'experiment_name': 'stock pipeline',  # MMEngine's own is equal within a second
            'model.init_cfg': None,
            'model.cls_head.num_classes': 8,
            'model.data_preprocessor': dict(
                _delete_=True,
                type='ActionDataPreprocessor',
                mean=[123.675, 116.28, 103.53],
                std=[58.395, 57.12, 57.375],
                format_shape='NCTHW',
            ),
            'train_cfg': dict(type='EpochBasedTrainLoop', max_epochs=15),
            'param_scheduler': [],
            'auto_scale_lr.enable': False,
            'optim_wrapper.optimizer.lr': 0.003,
            'test_dataloader': None,
            'test_evaluator': None,
            'test_cfg': None,
            'default_hooks.checkpoint.interval': 100,
        }
    )
    runner = CompressedRunner.from_cfg(config)
    runner.train()
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == 30
    assert losses[-6:].mean() < 0.9 * losses[:6].mean()
    assert (
        json.loads((tmp_path / runner.timestamp / 'vis_data' / 'scalars.json').read_text().splitlines()[-1])['loss'] > 0
    )
