"""A config that MMEngine has written out, the keys of its dicts sorted, is the config: same values, same losses."""

import copy
import functools
import json
from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from shrunk import LEAVES, REPOSITORY, local_loader, shrink

from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config, merge_options
from cmvl_mm.engine.launch import runner_from
from cmvl_mm.engine.logs import read_curves, read_test
from cmvl_mm.engine.prepare import fit_loaders_to_machine

EVERY_LEAF = pytest.mark.parametrize('leaf', LEAVES)


@pytest.fixture(scope='module')
def dumped_to(tmp_path_factory):
    """(leaf): the config written out, once: that takes six times as long as reading it."""

    @functools.cache
    def dump(leaf: str) -> Path:
        path = tmp_path_factory.mktemp('dumped') / 'dumped.py'
        load_config(REPOSITORY / leaf).dump(path)  # writes `pretty_text`
        return path

    return dump


@EVERY_LEAF
def test_what_is_dumped_is_read_back(leaf, dumped_to):
    """By our tools and by stock ones, and when MMEngine's text is run as the config file that it is."""
    plain, path = load_config(REPOSITORY / leaf).to_dict(), dumped_to(leaf)
    values: dict = {}
    exec(path.read_text(), {'__builtins__': {}, 'dict': dict}, values)
    assert values == plain
    for again in (load_config(path), Config.fromfile(path)):
        assert again.to_dict() == plain  # lists in their order, tuples as tuples


@pytest.fixture(scope='module')
def seen():
    """What has run already: most configs of a table differ in lists, lengths and weights to start from alone."""
    return set()


@EVERY_LEAF
def test_a_dumped_config_reruns_to_the_same_numbers_bit_for_bit(leaf, controlled_set, dumped_to, seen):
    config, dumped = (narrow(load_config(path)) for path in (REPOSITORY / leaf, dumped_to(leaf)))
    key = json.dumps([config.get(name) for name in READ], sort_keys=True)
    if key not in seen:
        seen.add(key)
        expected = numbers(config, controlled_set)
        assert len(expected) > 1
        assert numbers(dumped, controlled_set) == expected


READ = ('model', 'train_dataloader', 'val_dataloader', 'test_dataloader', 'optim_wrapper')


def narrow(config: Config) -> Config:
    """Small, and without the places and lengths that `local_loader` replaces or a step does not know."""
    config = shrink(config)
    if config.model.get('cls_head') is not None:
        config.model.cls_head.num_classes = 8
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = (config.get(name) or {}).get('dataset', {})
        for key in ('ann_file', 'gallery', 'query', 'data_prefix'):
            if key in dataset:
                dataset[key] = ''
        dataset.pop('label_share', None)
        if config.get(name) is not None:
            kept = {key: config[name][key] for key in ('collate_fn',) if key in config[name]}
            config[name] = dict(dataset=dataset, **kept)
    return config


def numbers(config: Config, controlled_set) -> list:
    """Losses of a training step and the weights after it; features or scores of a batch of every loader that tests."""
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(config.model))
    model.init_weights()
    found = []
    if 'train_dataloader' in config:
        wrapper = build_optim_wrapper(model, copy.deepcopy(config.optim_wrapper))
        batch = next(iter(local_loader(config.train_dataloader, controlled_set)))
        found.append({name: value.item() for name, value in model.train().train_step(batch, wrapper).items()})
        found += [value.double().sum().item() for value in model.state_dict().values()]
    for name in ('val_dataloader', 'test_dataloader'):
        if config.get(name) is not None:
            batch = next(iter(local_loader(config[name], controlled_set)))
            for prediction in model.eval().test_step(batch):
                found += [value.tolist() for _, value in sorted(prediction.items()) if isinstance(value, torch.Tensor)]
    return found


@pytest.mark.slow
@pytest.mark.parametrize('name', ['demo/pretrain', 'pretrain_c3d_ucf', 'demo/finetune', 'demo/retrieval'])
def test_the_config_in_a_work_directory_runs_again(name, controlled_set, tmp_path):
    """The file that the runner leaves there: whole runs with hooks, schedules and tests, equal bit for bit.

    And with the keys of all dicts in reverse, down to the hooks: the order of none is its meaning.
    """
    config = shrink(load_config(REPOSITORY / f'configs/{name}.py'))
    for loader in ('train_dataloader', 'test_dataloader'):
        if loader in config:
            config[loader].update(batch_size=2, num_workers=0, persistent_workers=False)
            dataset = config[loader].dataset
            dataset.data_prefix = dict(video=str(controlled_set))
            for key in ('ann_file', 'gallery', 'query'):
                if key in dataset:
                    dataset[key] = f'{controlled_set}/{"train" if key == "gallery" else "test"}.txt'
            stage_of(dataset.pipeline, 'sample').past_end = 'repeat_last'
    if config.model.get('cls_head') is not None:
        config.model.cls_head.num_classes = 8
    if 'train_cfg' in config:
        merge_options(config, {'train_cfg.max_epochs': 1, 'default_hooks.logger.interval': 1, 'param_scheduler': []})
    first = run(config, tmp_path / 'first')
    again = load_config(tmp_path / 'first' / f'{name.split("/")[-1]}.py')
    assert list(again.model) == sorted(again.model)  # as MMEngine writes it
    assert run(again, tmp_path / 'again') == first
    assert run(Config(reverse(config.to_dict())), tmp_path / 'reverse') == first
    assert len(first['losses']) == (4 if 'train_cfg' in config else 0)
    assert bool(first['tested']) == ('test_cfg' in config)


def run(config: Config, work_dir: Path) -> dict:
    """Hooks of a runner; losses of every step and figures of the test, as its files have them, times apart."""
    config.update(work_dir=str(work_dir), launcher='none', experiment_name=str(work_dir))
    fit_loaders_to_machine(config)
    runner = runner_from(config)
    curves, tested = [], {}
    if 'train_cfg' in config:
        runner.train()
        curves = read_curves(work_dir)
    if 'test_cfg' in config:
        runner.test()
        tested = read_test(work_dir)
    return dict(
        hooks=[(type(hook).__name__, hook.priority) for hook in runner.hooks],
        losses=[untimed(row) for row in curves],
        tested=untimed(tested),
    )


def untimed(row: dict) -> dict:
    return {key: value for key, value in row.items() if not key.endswith(('time', 'memory'))}


def reverse(node):
    """Every dict with its keys in reverse; lists as they are."""
    if isinstance(node, dict):
        return {key: reverse(value) for key, value in reversed(node.items())}
    return type(node)(map(reverse, node)) if isinstance(node, (list, tuple)) else node
