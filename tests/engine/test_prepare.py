"""What is checked and fitted before a runner is built, and what a run under another runner says."""

import os
import re
import runpy
import subprocess
import sys

import mmaction
import mmengine
import pytest
from mmaction.registry import RUNNERS
from mmengine.config import Config
from mmengine.runner import Runner

from cmvl_mm.engine import prepare as prepare_module
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.config_values import ConfigValueError
from cmvl_mm.engine.environment import LauncherError
from cmvl_mm.engine.logs import read_test
from cmvl_mm.engine.prepare import fit_loaders_to_machine
from cmvl_mm.engine.runner import CompressedRunner

CONFIG = 'configs/demo/finetune.py'
FAST = dict(precision='bf16', memory_format='channels_last', optimizer='fused', logs='deferred', colour='host')


def test_loaders_fit_the_machine(repository, monkeypatch):
    config = load_config(repository / 'configs/pretrain_c3d_ucf.py', {'train_dataloader.num_workers': 0})
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    fit_loaders_to_machine(config)
    assert (config.train_dataloader.persistent_workers, config.train_dataloader.pin_memory) == (False, False)
    config = load_config(repository / 'configs/pretrain_c3d_ucf.py')
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    fit_loaders_to_machine(config)
    assert (config.train_dataloader.persistent_workers, config.train_dataloader.pin_memory) == (True, True)


@pytest.mark.parametrize(('given', 'seconds'), [({}, 1800), ({'env_cfg.dist_cfg.timeout': 40}, 40)])
def test_how_long_processes_wait_for_each_other_is_a_matter_of_the_config(monkeypatch, given, seconds):
    waits = []
    monkeypatch.setattr(prepare_module, 'start_process_group', lambda launcher, seconds: waits.append(seconds))
    config = Config(dict(env_cfg=dict(dist_cfg=dict(backend='nccl'))))
    config.merge_from_dict(given)
    prepare_module.prepare(config)
    assert waits == [seconds]


@pytest.fixture
def options(controlled_set, tmp_path):
    """For the demo's finetuning: narrow, fast, one epoch of 4 batches of the controlled set."""

    def make(name: str, **changes) -> dict[str, object]:
        loader = {'ann_file': str(controlled_set / 'train.txt'), 'data_prefix.video': str(controlled_set)}
        return {
            **{f'train_dataloader.dataset.{key}': value for key, value in loader.items()},
            **{f'test_dataloader.dataset.{key}': value for key, value in loader.items()},
            'train_dataloader.batch_size': 2,
            'train_dataloader.num_workers': 0,
            'test_dataloader.num_workers': 0,
            'train_dataloader.persistent_workers': True,
            'model.backbone.width': 4,
            'model.cls_head.in_channels': 32,
            'model.cls_head.num_classes': 8,
            'model.init_cfg': None,
            'train_cfg.max_epochs': 1,
            'param_scheduler': None,
            **{f'fast_step.{lever}': position for lever, position in FAST.items()},
            'experiment_name': f'{tmp_path.name}_{name}',
            'work_dir': str(tmp_path / name),
        } | changes

    return make


@pytest.fixture
def tiny(repository, options):
    return lambda name, **changes: load_config(repository / CONFIG, options(name, **changes))


def test_any_way_to_the_runner_does_what_the_config_says(tiny):
    """`RUNNERS.build`, as MMAction2's tools call it; the caller's config stays as it was."""
    config = tiny('built')
    before = config.to_dict()
    runner = RUNNERS.build(config)
    assert isinstance(runner, CompressedRunner)
    assert config.to_dict() == before
    assert runner.cfg.optim_wrapper.type == 'StepOptimWrapper'
    assert runner.cfg.train_dataloader.persistent_workers is False
    runner.train()
    assert runner.optim_wrapper.keeps_norm
    rerun = Config.fromfile(f'{runner.work_dir}/finetune.py')
    assert rerun.optim_wrapper.to_dict() == runner.cfg.optim_wrapper.to_dict()


def test_any_way_to_the_runner_is_checked(tiny):
    with pytest.raises(ConfigValueError, match=r'train_dataloader\.batch_size=0'):
        RUNNERS.build(tiny('value', **{'train_dataloader.batch_size': 0}))
    with pytest.raises(LauncherError, match='launcher mpi is not supported'):
        RUNNERS.build(tiny('launcher', launcher='mpi'))


def test_mmengine_s_runner_says_once_what_it_leaves_out(tiny, capsys):
    Runner.from_cfg(tiny('stock', **{'train_dataloader.persistent_workers': False})).train()
    log = capsys.readouterr().out
    assert log.count('This is Runner, not the CompressedRunner that the config names') == 1
    assert 'fast_step is off (precision=bf16, memory_format=channels_last' in log
    assert 'RUNNERS.build(config)' in log
    assert "parameters that never learn are not reported (custom_hooks=[dict(type='GradientCheckHook')] does it)" in log
    plain = tiny('plain', **{'train_dataloader.persistent_workers': False})
    plain.fast_step = None
    plain.custom_hooks = [*plain.custom_hooks, dict(type='GradientCheckHook')]
    Runner.from_cfg(plain).train()
    log = capsys.readouterr().out
    assert 'This is Runner' in log
    assert 'fast_step is off' not in log
    assert 'never learn' not in log
    CompressedRunner.from_cfg(tiny('ours')).train()
    assert 'This is' not in capsys.readouterr().out


@pytest.mark.slow
def test_mmaction2_s_scripts_train_test_and_analyse_with_our_runner(repository, options, tmp_path, monkeypatch, capsys):
    """In this process, with the arguments of a user; `--amp` is bf16 for the fast step."""

    def call(script, *words):
        monkeypatch.setattr(sys, 'argv', [script, *words])
        runpy.run_path(f'{mmaction.__path__[0]}/.mim/tools/{script}', run_name='__main__')
        return capsys.readouterr().out

    def chosen(name):
        merged = options(name, **{'fast_step.precision': 'fp32', 'test_dataloader.persistent_workers': False})
        return ['--cfg-options', *(f'{key}={value}' for key, value in merged.items())]

    config = str(repository / CONFIG)
    monkeypatch.setattr('cmvl_mm.engine.fast_step.why_not_bf16', lambda: 'it is old')
    log = call('train.py', config, '--amp', *chosen('run'))
    assert 'fast_step.precision: fp32, not bf16: it is old' in log
    assert 'This is' not in log
    checkpoint = tmp_path / 'run' / 'epoch_1.pth'
    assert checkpoint.with_name('epoch_1.pth.sha256').exists()
    theirs, ours = str(tmp_path / 'theirs.pkl'), str(tmp_path / 'ours.pkl')
    log = call('test.py', config, str(checkpoint), '--dump', theirs, *chosen('theirs'))
    assert f'Load checkpoint from {checkpoint}' in log
    top1 = f'{read_test(tmp_path / "theirs")["finetune/top1"]:.4f}'
    assert re.search(rf'finetune/top1 +{100 * float(top1):.1f} ', log)

    words = [repository / 'tools/test.py', config, checkpoint, '--dump', ours, *chosen('ours')]
    environment = os.environ | dict(PYTHONPATH=str(repository), PYTHONWARNINGS='ignore')
    subprocess.run([sys.executable, *map(str, words)], env=environment, check=True, capture_output=True)
    scores = [[sample['pred_score'].tolist() for sample in mmengine.load(path)] for path in (ours, theirs)]
    assert scores[0] == scores[1]

    log = call('analysis_tools/report_accuracy.py', '--preds', ours, '--coefficients', '1.0')
    assert f'Top 1 Accuracy: {top1}' in log
    assert f"'finetune/top1': np.float64({float(top1)})" in call('analysis_tools/eval_metric.py', config, ours)
    call('analysis_tools/confusion_matrix.py', config, ours, '--out', str(tmp_path / 'matrix.pkl'))
    matrix = mmengine.load(tmp_path / 'matrix.pkl')
    assert matrix.trace() / matrix.sum() == pytest.approx(float(top1), abs=1e-4)
