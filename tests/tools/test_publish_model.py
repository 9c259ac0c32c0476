"""From a work directory to the zoo and back: the published weights print the number that the zoo prints."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
import torch

from cmvl_mm.checkpoints.pretrained import read_checkpoint
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.logs import read_test
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.publishing.settings import PublishError, options_of
from cmvl_mm.zoo.manifest import read_manifest

NETWORK = ['model.backbone.width=4']
MACHINE = ['train_dataloader.num_workers=0', 'default_hooks.logger.interval=1']
HEADS = ['model.context_head.in_channels=32', 'model.motion_head.predictor.in_channels=32']


@pytest.fixture(scope='module')
def python(repository):
    def run(*words, expect=0, **variables):
        environment = os.environ | dict(OMP_NUM_THREADS='1', PYTHONWARNINGS='ignore') | variables
        command = [sys.executable, *map(str, words)]
        outcome = subprocess.run(
            command, cwd=repository, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert outcome.returncode == expect, outcome.stdout[-2000:] + outcome.stderr[-4000:]
        return outcome.stdout + outcome.stderr

    return run


@pytest.fixture(scope='module')
def lists(controlled_set):
    return [
        f'test_dataloader.dataset.gallery={controlled_set}/train.txt',
        f'test_dataloader.dataset.query={controlled_set}/test.txt',
        f'test_dataloader.dataset.data_prefix.video={controlled_set}',
        *NETWORK,
    ]


@pytest.fixture(scope='module')
def training(controlled_set):
    """What a few iterations of the demo's pretraining depend on."""
    return [
        f'train_dataloader.dataset.ann_file={controlled_set}/train.txt',
        f'train_dataloader.dataset.data_prefix.video={controlled_set}',
        'train_dataloader.batch_size=4', 'train_cfg.max_epochs=2',
        'param_scheduler.0.begin=1', 'param_scheduler.0.end=2', *NETWORK, *HEADS,
    ]  # fmt: skip


@pytest.fixture(scope='module')
def trained(python, training, tmp_path_factory):
    folder = tmp_path_factory.mktemp('pretrain')
    config = 'configs/demo/pretrain.py'
    python('tools/train.py', config, '--work-dir', folder, '--seed', 3, '--cfg-options', *MACHINE, *training)
    return folder


@pytest.fixture(scope='module')
def tested(python, trained, lists, tmp_path_factory):
    folder = tmp_path_factory.mktemp('test')
    python('tools/test.py', 'configs/demo/retrieval.py', trained, '--work-dir', folder, '--cfg-options', *lists)
    return folder


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    folder = tmp_path / 'zoo'
    folder.mkdir()
    (folder / 'manifest.yml').write_text('# A head.\nentries: []\n')
    monkeypatch.setenv('CMVL_MM_ZOO', str(folder))
    return folder


@pytest.fixture
def publish(tool, start, repository, trained, training, tested, lists, zoo, monkeypatch, capsys):
    """The tool in this process, on the run above; returns what it prints. The commit is not of interest here."""
    module, demo = tool('publish_model'), repository / 'configs/demo'
    monkeypatch.setattr(module, 'commit', lambda trained_at, allow_changes: '0123456789' * 4)

    def run(*words, work_dir=trained, test=tested, test_options=lists, options=('--options', *training)):
        what = ['--what', 'four iterations', '--trained-on', 'controlled videos', '--device', 'two cores', *options]
        tests = ['--test', demo / 'retrieval.py', test, *test_options]
        start(module, demo / 'pretrain.py', work_dir, 'demo_tiny', *what, *tests, *words)
        return capsys.readouterr().out

    return run


@pytest.mark.slow
def test_the_zoos_number_is_what_its_command_prints(python, publish, training, zoo, tmp_path):
    printed = publish()
    entry = read_manifest(zoo)['demo_tiny']
    assert sorted(path.name for path in zoo.iterdir()) == ['demo_tiny.json', 'demo_tiny.safetensors', 'manifest.yml']
    assert (zoo / 'manifest.yml').read_text().startswith('# A head.\n')
    assert (entry.config, entry.networks, entry.seeds) == ('demo/pretrain.py', 'backbone', (3,))
    assert entry.options == tuple(training)
    assert entry.sha256 == sha256_of(zoo / 'demo_tiny.safetensors')
    assert entry.bytes == (zoo / 'demo_tiny.safetensors').stat().st_size < 1_000_000
    assert entry.model['backbone']['width'] == 4
    assert 'motion_head' not in entry.model
    assert entry.tests[0].protocol == 'retrieval_paper, with 4 clips'
    assert len(json.loads((zoo / entry.log).read_text())['curves']) == 4
    assert 'left out: context_head.* (' in printed
    assert 'make_model_zoo' not in printed  # which reads the package's
    assert 'motion_head.* (' in printed

    command = entry.tests[0].command('demo_tiny')
    assert command in printed
    words = shlex.split(command)
    assert words[:4] == ['python', 'tools/test.py', 'configs/demo/retrieval.py', 'demo_tiny']
    log = python(*words[1:], '--work-dir', tmp_path / 'again')
    again = read_test(tmp_path / 'again')
    assert entry.tests[0].metrics == {name: again[name] for name in entry.tests[0].metrics}
    assert {'retrieval_paper/R@1', 'retrieval_paper/R@5'} <= entry.tests[0].metrics.keys()
    assert entry.tests[0].metrics['retrieval_paper/queries'] == 8  # without it the figure has no interval
    percent = f'{entry.tests[0].metrics["retrieval_paper/R@1"]:.1f}'
    assert re.search(rf'retrieval_paper/R@1 +{percent} .* 8$', log, re.MULTILINE)
    assert f'retrieval_paper/R@1: {percent} (' in printed


@pytest.mark.slow
def test_whole_networks_are_what_a_training_may_start_from(publish, repository, trained, training, zoo, tmp_path):
    assert 'left out: nothing' in publish('--whole')
    assert 'm_network' in read_manifest(zoo)['demo_tiny'].model['motion_head']
    config = load_config(repository / 'configs/demo/pretrain.py', options_of([*training, 'load_from=demo_tiny']))
    config.merge_from_dict(dict(work_dir=str(tmp_path / 'more'), experiment_name=tmp_path.name))
    runner = CompressedRunner.from_cfg(config)
    runner.load_or_resume()
    weights = read_checkpoint(trained)['state_dict']
    assert all(torch.equal(value, weights[key]) for key, value in runner.model.state_dict().items())


@pytest.mark.slow
def test_a_test_of_other_weights_or_settings_is_no_proof(publish, repository, trained, training, lists, zoo, tmp_path):
    """Each is one line that names the entry."""
    demo = repository / 'configs/demo'
    more = 'test_dataloader.dataset.pipeline.sample.num_clips=2'
    for message, words, changes in (
        (r'a test of .*epoch_2\.pth, not of the weights to publish', (), dict(work_dir=trained / 'epoch_1.pth')),
        (r'differ in dataset\.data_prefix\.video: .*Remedy: pass the config', (), dict(test_options=NETWORK)),
        (r'differ in dataset\.pipeline\.sample\.num_clips: 4 and 2', (), dict(test_options=[*lists, more])),
        ('another shape', (), dict(options=[])),
        (
            'the training would differ in train_cfg',
            (),
            dict(options=['--options', *training, 'train_cfg.max_epochs=3']),
        ),
        ('no finished test', (), dict(test=tmp_path)),
        ('--seeds starts with 4, but the seed of this run is 3', ('--seeds', '4', '5'), {}),
        (r'pretrain\.py: lacks test_data.*, so tests nothing', ('--test', demo / 'pretrain.py', tmp_path / 'test'), {}),
        ("'seed' is not an option", (), dict(test_options=[*lists, 'seed'])),
        ("'seed' is not an option", (), dict(options=['--options', 'seed'])),
        ('nothing reads sed', (), dict(test_options=[*lists, 'sed=1'])),
        ('not an address', ('--url', 'https://host:abc/w.safetensors'), {}),
    ):
        (tmp_path / 'test' / '1').mkdir(parents=True, exist_ok=True)
        (tmp_path / 'test' / '1' / '1.json').write_text('{}')
        (tmp_path / 'test' / '1' / '1.log').write_text(f'Load checkpoint from {trained}/epoch_2.pth\n')
        with pytest.raises(SystemExit, match=f'^demo_tiny: .*{message}') as error:
            publish(*words, **changes)
        assert '\n' not in str(error.value)
    assert read_manifest(zoo) == {}
    assert [path.name for path in zoo.iterdir()] == ['manifest.yml']


def test_a_tree_that_is_no_commit_is_refused(tool, tmp_path, monkeypatch):
    publish_model = tool('publish_model')

    def git(*words):
        identity = ('-c', 'user.name=n', '-c', 'user.email=e@example.org')
        return subprocess.run(['git', *identity, *words], cwd=tmp_path, check=True, capture_output=True, text=True)

    git('init', '-q')
    (tmp_path / 'code.py').touch()
    (tmp_path / 'cmvl_mm/zoo').mkdir(parents=True)
    (tmp_path / 'cmvl_mm/zoo/__init__.py').touch()
    git('add', '.')
    git('commit', '-q', '-m', 'One')
    head = git('rev-parse', 'HEAD').stdout.strip()
    monkeypatch.setattr(publish_model, 'REPOSITORY', tmp_path)
    for name in ('model_zoo.md', 'cmvl_mm/zoo/manifest.yml', 'cmvl_mm/zoo/a.json', 'cmvl_mm/zoo/a.safetensors'):
        (tmp_path / name).touch()  # publishing writes them
    assert publish_model.commit(head, allow_changes=False) == head
    for trained_at, said in ((None, 'unknown'), ('0' * 40, 'unknown'), (f'{head}+changes', f'{head}+changes')):
        with pytest.raises(PublishError, match=r'^trained at .*not a commit of this repository.*Remedy'):
            publish_model.commit(trained_at, allow_changes=False)
        assert publish_model.commit(trained_at, allow_changes=True) == said
    (tmp_path / 'cmvl_mm/zoo/code.py').touch()
    with pytest.raises(PublishError, match=r'the tree has uncommitted changes.*code\.py.*Remedy: commit'):
        publish_model.commit(head, allow_changes=False)
    assert publish_model.commit(head, allow_changes=True) == f'{head}+changes'
