"""From a work directory to the zoo and back: the published weights print the number that the zoo prints."""

import json
import os
import subprocess
import sys

import pytest
import torch

from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.models.digest import sha256_of
from cmvl_mm.models.pretrained import CheckpointError, read_checkpoint
from cmvl_mm.visualization.logs import read_test
from cmvl_mm.zoo.manifest import read_manifest
from cmvl_mm.zoo.settings import PublishError, options_of

NETWORK = ['model.backbone.width=4']
TRAINING = [*NETWORK, 'model.context_head.in_channels=32', 'model.motion_head.predictor.in_channels=32']


@pytest.fixture(scope='module')
def tool(repository):
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
def trained(tool, controlled_set, tmp_path_factory):
    """A few iterations of the demo's pretraining."""
    folder = tmp_path_factory.mktemp('pretrain')
    options = [
        f'train_dataloader.dataset.ann_file={controlled_set}/train.txt',
        f'train_dataloader.dataset.data_prefix.video={controlled_set}',
        'train_dataloader.batch_size=4', 'train_dataloader.num_workers=0', 'train_cfg.max_epochs=2',
        'param_scheduler.0.begin=1', 'param_scheduler.0.end=2', 'default_hooks.logger.interval=1',
    ]  # fmt: skip
    config = 'configs/demo/pretrain.py'
    tool('tools/train.py', config, '--work-dir', folder, '--seed', 3, '--cfg-options', *options, *TRAINING)
    return folder


@pytest.fixture(scope='module')
def tested(tool, trained, lists, tmp_path_factory):
    """Its retrieval."""
    folder = tmp_path_factory.mktemp('test')
    tool('tools/test.py', 'configs/demo/retrieval.py', trained, '--work-dir', folder, '--cfg-options', *lists)
    return folder


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    folder = tmp_path / 'zoo'
    folder.mkdir()
    (folder / 'manifest.yml').write_text('# A head.\nentries: []\n')
    monkeypatch.setenv('CMVL_MM_ZOO', str(folder))
    return folder


@pytest.fixture
def publish(repository, trained, tested, lists, zoo, monkeypatch, capsys):
    """The tool in this process, on the run above; returns what it prints. The commit is not of interest here."""
    monkeypatch.syspath_prepend(str(repository / 'tools'))
    import publish_model

    monkeypatch.setattr(publish_model, 'commit', lambda allow_changes: '0123456789' * 4)

    def run(*words, work_dir=trained, test=tested, test_options=lists, options=('--options', *TRAINING)):
        given = [
            str(repository / 'configs/demo/pretrain.py'), str(work_dir), 'demo_tiny', '--what', 'four iterations',
            '--device', 'two cores', *options,
            '--test', str(repository / 'configs/demo/retrieval.py'), str(test), *test_options, *words,
        ]  # fmt: skip
        monkeypatch.setattr(sys, 'argv', ['publish_model.py', *given])
        print(publish_model.publish(publish_model.parse_args()))
        return capsys.readouterr().out

    run.module = publish_model
    return run


@pytest.mark.slow
def test_the_zoos_number_is_what_its_command_prints(tool, publish, zoo, trained, tested, lists, tmp_path):
    printed = publish()
    entry = read_manifest(zoo)['demo_tiny']
    assert sorted(path.name for path in zoo.iterdir()) == ['demo_tiny.json', 'demo_tiny.safetensors', 'manifest.yml']
    assert (zoo / 'manifest.yml').read_text().startswith('# A head.\n')
    assert (entry.config, entry.networks, entry.seeds) == ('demo/pretrain.py', 'backbone', (3,))
    assert entry.options == tuple(TRAINING)
    assert entry.sha256 == sha256_of(zoo / 'demo_tiny.safetensors')
    assert entry.bytes == (zoo / 'demo_tiny.safetensors').stat().st_size < 1_000_000
    assert entry.model['backbone']['width'] == 4
    assert 'motion_head' not in entry.model
    assert entry.tests[0].protocol == 'retrieval_paper, with 4 clips'
    assert len(json.loads((zoo / entry.log).read_text())['curves']) == 4
    assert 'left out: context_head.* (' in printed
    assert 'motion_head.* (' in printed

    command = entry.tests[0].command('demo_tiny')
    assert command in printed
    words = command.split()
    assert words[:4] == ['python', 'tools/test.py', 'configs/demo/retrieval.py', 'demo_tiny']
    log = tool(*words[1:], '--work-dir', tmp_path / 'again')
    again = read_test(tmp_path / 'again')
    assert entry.tests[0].metrics == {name: again[name] for name in entry.tests[0].metrics}
    assert {'retrieval_paper/R@1', 'retrieval_paper/R@5'} <= entry.tests[0].metrics.keys()
    assert f'retrieval_paper/R@1: {entry.tests[0].metrics["retrieval_paper/R@1"]:.4f}' in log
    assert f'retrieval_paper/R@1: {entry.tests[0].metrics["retrieval_paper/R@1"]:.4f}' in printed


@pytest.mark.slow
def test_the_hub_has_the_weights_that_were_trained(publish, trained):
    from cmvl_mm import hub

    publish()
    weights = read_checkpoint(trained)['state_dict']
    model = hub.load('demo_tiny')
    loaded = model.state_dict()
    assert {key for key in weights if key.startswith('backbone.')} == loaded.keys()
    assert all(torch.equal(value, weights[key]) for key, value in loaded.items())


@pytest.mark.slow
def test_whole_networks_are_what_a_training_may_start_from(publish, repository, trained, zoo, tmp_path):
    assert 'left out: nothing' in publish('--whole')
    assert 'm_network' in read_manifest(zoo)['demo_tiny'].model['motion_head']
    config = load_config(repository / 'configs/demo/pretrain.py', options_of([*TRAINING, 'load_from=demo_tiny']))
    config.merge_from_dict(dict(work_dir=str(tmp_path / 'more'), experiment_name=tmp_path.name))
    runner = CompressedRunner.from_cfg(config)
    runner.load_or_resume()
    weights = read_checkpoint(trained)['state_dict']
    assert all(torch.equal(value, weights[key]) for key, value in runner.model.state_dict().items())


@pytest.mark.slow
def test_a_test_of_other_weights_or_settings_is_no_proof(publish, trained, tested, lists, zoo, tmp_path):
    with pytest.raises(PublishError, match=r'a test of .*epoch_2\.pth, which is not what would be published'):
        publish(work_dir=trained / 'epoch_1.pth')
    with pytest.raises(PublishError, match=r'would differ in dataset\.data_prefix\.video: .*Remedy: name the config'):
        publish(test_options=NETWORK)
    more = 'test_dataloader.dataset.pipeline.sample.num_clips=2'
    with pytest.raises(PublishError, match=r'would differ in dataset\.pipeline\.sample\.num_clips: 4 and 2'):
        publish(test_options=[*lists, more])
    with pytest.raises(CheckpointError, match='another shape'):
        publish(options=[])
    with pytest.raises(FileNotFoundError, match='no finished test'):
        publish(test=tmp_path)
    with pytest.raises(PublishError, match='--seeds begins with 4, but the seed of this run is 3'):
        publish('--seeds', '4', '5')
    assert read_manifest(zoo) == {}
    assert [path.name for path in zoo.iterdir()] == ['manifest.yml']


@pytest.mark.slow
def test_large_files_are_described_and_an_entry_may_be_replaced(publish, zoo, trained, monkeypatch):
    publish('--seeds', '3', '4')
    assert read_manifest(zoo)['demo_tiny'].seeds == (3, 4)
    monkeypatch.setattr(publish.module, 'LARGEST_BUNDLED', 1000)
    with pytest.raises(PublishError, match=r'demo_tiny: \d+ bytes, but .* at most 1000\. Remedy: --url'):
        publish()
    assert (zoo / 'demo_tiny.safetensors').exists()
    assert 'demo_tiny: replaced' in publish('--url', 'hf://some/one/demo_tiny.safetensors')
    entry = read_manifest(zoo)['demo_tiny']
    assert (entry.url, entry.file) == ('hf://some/one/demo_tiny.safetensors', None)
    assert sorted(path.name for path in zoo.iterdir()) == ['demo_tiny.json', 'manifest.yml']
    assert sha256_of(trained / 'demo_tiny.safetensors') == entry.sha256
    publish('--why', 'nobody has a place for them')
    assert read_manifest(zoo)['demo_tiny'].why == 'nobody has a place for them'


def test_a_tree_that_is_no_commit_is_refused(repository, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / 'tools'))
    import publish_model

    def git(*words):
        identity = ('-c', 'user.name=n', '-c', 'user.email=e@example.org')
        return subprocess.run(['git', *identity, *words], cwd=tmp_path, check=True, capture_output=True, text=True)

    git('init', '-q')
    (tmp_path / 'code.py').touch()
    git('add', 'code.py')
    git('commit', '-q', '-m', 'One')
    head = git('rev-parse', 'HEAD').stdout.strip()
    monkeypatch.setattr(publish_model, 'REPOSITORY', tmp_path)
    (tmp_path / 'model_zoo.md').touch()  # publishing writes it
    assert publish_model.commit(allow_changes=False) == head
    (tmp_path / 'code.py').write_text('changed')
    with pytest.raises(PublishError, match=r'the tree is no commit.*code\.py.*Remedy: commit'):
        publish_model.commit(allow_changes=False)
    assert publish_model.commit(allow_changes=True) == f'{head}+changes'
