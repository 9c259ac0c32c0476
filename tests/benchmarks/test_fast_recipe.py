"""Two builds take turns in processes of their own; what cannot be compared is refused."""

import importlib
import subprocess
from contextlib import nullcontext

import pytest

TRAIN_STEP = """
from mmengine.config import Config

load_config = Config.fromfile
PLAIN = {}

def spell_out(config, device):
    config.merge_from_dict({'optim_wrapper.precision': 'fp32'})

def make_step(config, levers, videos, device):
    print('a library speaks')
    taken = iter(range(3_000_000))
    return lambda: sum(next(taken) for _ in range(1_000_000))  # three steps, then StopIteration
"""


@pytest.fixture
def module(repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / 'benchmarks'))
    return importlib.import_module


@pytest.fixture
def tree(tmp_path):
    """A build of three steps."""
    (tmp_path / 'benchmarks').mkdir()
    (tmp_path / 'benchmarks/train_step.py').write_text(TRAIN_STEP)
    (tmp_path / 'config.py').write_text("default_scope = 'mmengine'\nfast_step = dict(precision='bf16')\n")
    return tmp_path


def test_a_process_answers_with_its_own_cpu_seconds_and_its_end_is_an_error(module, tree):
    with module('step_process').StepProcess(tree, 'config.py', 2, 'fp32') as process:
        timings = module('side_by_side').alternate(
            [module('side_by_side').Route('one', 'ours', process.step)], rounds=2, clock='told'
        )
        assert all(0.005 < seconds < 5 for seconds in timings[0].seconds)
        with pytest.raises(RuntimeError, match=r'config\.py, fp32: ended with exit code 1'):
            process.step()


def test_a_precision_that_the_build_does_not_train_in_is_refused(module, tree, capfd):
    with (
        module('step_process').StepProcess(tree, 'config.py', 2, 'bf16') as process,
        pytest.raises(RuntimeError, match='bf16: ended'),
    ):
        process.step()
    assert 'trains in fp32 on this machine, not in bf16' in capfd.readouterr().err


def test_an_earlier_build_comes_from_the_history_or_not_at_all(module, tree):
    unpack = module('earlier_build').unpack
    with pytest.raises(SystemExit, match=r'not in the history here .*Remedy: run in a full clone'):
        unpack('c7f3249', tree / 'out', repository=tree)
    git = ['git', '-C', str(tree), '-c', 'user.name=a', '-c', 'user.email=a@example.org']
    for words in (['init', '-q'], ['add', 'config.py'], ['commit', '-qm', 'First']):
        subprocess.run([*git, *words], check=True)
    (tree / 'config.py').write_text('changed since')
    assert "scope = 'mmengine'" in (unpack('HEAD', tree / 'out', repository=tree) / 'config.py').read_text()


def test_targets_are_ratios_to_the_earlier_builds_main_recipe(module, monkeypatch, tmp_path, capsys):
    fast_recipe = module('fast_recipe')

    class Fake(nullcontext):
        """A fast recipe is 2.5 times as fast as the earlier main one, bf16 twice as fast as fp32."""

        def __init__(self, tree, config, videos, precision):
            super().__init__()
            assert (
                tree == tmp_path if config == 'configs/demo/pretrain.py' else tree in (tmp_path, fast_recipe.REPOSITORY)
            )
            assert (tree == tmp_path) == ('fast' not in config)
            assert precision == 'fp32' or 'fast' in config
            assert (fast_recipe.REPOSITORY / config).exists()
            assert videos == 16
            self.step = lambda: (2.0 if 'fast' in config else 5.0) / (2.0 if precision == 'bf16' else 1.0)

    monkeypatch.setattr(fast_recipe, 'StepProcess', Fake)
    monkeypatch.setattr(fast_recipe, 'unpack', lambda commit, folder: {'c7f3249': tmp_path}[commit])
    monkeypatch.setattr(fast_recipe, 'why_not_bf16', lambda: None)
    monkeypatch.setattr('gc.collect', lambda: 0)  # takes a third of a second
    fast_recipe.main([])
    out = capsys.readouterr().out
    assert '| fast recipe | ours | 8 | 2.50 |' in out
    assert 'fast recipe, r3d26: 2.5, wanted at least 2.8: MISSED' in out
    assert 'fast recipe, c3d: 2.5, wanted at least 1.9: met' in out
    assert 'fast recipe, r2plus1d26: 2.5, wanted at least 2.5: met' in out
    assert 'fast recipe, bf16, r3d26: 5, wanted at least 4.5: met' in out
    assert 'fast recipe, bf16, c3d: 5, wanted at least 3.2: met' in out
    assert 'fast recipe, bf16, demo: 5, wanted at least 1.5: met' in out
    monkeypatch.setattr(fast_recipe, 'why_not_bf16', lambda: 'it is old')
    fast_recipe.main(['--nets', 'demo'])
    out = capsys.readouterr().out
    assert '- without bf16 and its targets: it is old' in out
    assert 'fast recipe, bf16' not in out
