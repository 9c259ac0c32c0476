"""The levers of a fast step: spelt out, logged, without host syncs, and the plain step's losses."""

import copy

import pytest
import torch
from mmaction.registry import DATASETS, MODELS
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.optim import build_optim_wrapper
from mmengine.registry import FUNCTIONS, DefaultScope
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.stages import find, stage_of
from cmvl_mm.engine.config import ConfigKeyError, load_config, merge_options
from cmvl_mm.engine.cpu_bf16 import why_not_bf16
from cmvl_mm.engine.fast_step import compile_parts, spell_out
from cmvl_mm.engine.launch import runner_from

FAST = dict(precision='bf16', memory_format='channels_last', optimizer='fused', logs='deferred', colour='device')
VIDEOS = 4


def test_the_levers_reach_the_keys_that_are_read(repository):
    config = load_config(repository / 'configs/pretrain_c3d_ucf.py', {'fast_step.colour': 'device'})
    lines = spell_out(config, 'cuda')
    assert config.optim_wrapper.type == 'StepOptimWrapper'
    assert (config.optim_wrapper.precision, config.optim_wrapper.grad_norm) == ('bf16', 'kept')
    assert (config.optim_wrapper.optimizer.fused, config.optim_wrapper.optimizer.foreach) == (True, False)
    assert config.model.memory_format == 'channels_last'
    assert config.default_hooks.runtime_info.type == 'DeferredInfoHook'
    assert colour_of(config).where == 'device'
    assert lines == [
        'fast_step.precision: bf16',
        'fast_step.memory_format: channels_last',
        'fast_step.optimizer: fused',
        'fast_step.logs: deferred',
        'fast_step.colour: device',
        'fast_step.compile: nothing',
    ]


def test_every_lever_goes_back_on_its_own(repository):
    plain = dict(precision='fp32', memory_format='contiguous', optimizer='foreach', logs='every_step', colour='host')
    path, device = repository / 'configs/pretrain_c3d_ucf.py', {'fast_step.colour': 'device'}
    fast = load_config(path, device)
    spell_out(fast, 'cuda')
    changed = dict(
        precision={'optim_wrapper.precision'},
        memory_format={'model.memory_format'},
        optimizer={'optim_wrapper.optimizer.fused', 'optim_wrapper.optimizer.foreach'},
        logs={'optim_wrapper.grad_norm', 'default_hooks.runtime_info.type'},
        colour={'train_dataloader.dataset.pipeline.3.where'},
    )
    for lever, position in plain.items():
        config = load_config(path, device | {f'fast_step.{lever}': position})
        spell_out(config, 'cuda')
        spell_out(config, 'cuda')  # twice is once: a dumped config can be run again
        mine, theirs = (flat(c.to_dict()) for c in (config, fast))
        assert {key for key in mine if mine[key] != theirs[key]} == changed[lever] | {f'fast_step.{lever}'}


def colour_of(config):
    return stage_of(config.train_dataloader.dataset.pipeline, 'colour')


def flat(node, path=''):
    if isinstance(node, list):
        node = dict(enumerate(node))
    if not isinstance(node, dict):
        return {path: node}
    return {
        key: value for name, child in node.items() for key, value in flat(child, f'{path}.{name}'.lstrip('.')).items()
    }


def test_a_cpu_is_told_why_it_gets_fp32_and_colours_on_the_host(repository, monkeypatch):
    for reason, precision in (('it is old', 'fp32'), (None, 'bf16')):
        monkeypatch.setattr('cmvl_mm.engine.fast_step.why_not_bf16', lambda reason=reason: reason)
        config = load_config(repository / 'configs/pretrain_c3d_ucf.py', {'fast_step.colour': 'device'})
        lines = spell_out(config, 'cpu')
        assert colour_of(config).where == 'host'
        assert 'host, not device: on a CPU' in lines[4]
        assert config.optim_wrapper.precision == precision
        assert lines[0] == f'fast_step.precision: {precision}' + (', not bf16: it is old' if reason else '')


def test_a_config_without_it_stays_as_it_is(repository):
    config = load_config(repository / 'configs/demo/pretrain.py')
    before = config.to_dict()
    assert spell_out(config, 'cuda') == []
    assert config.to_dict() == before


def test_misspelt_levers_and_positions_are_refused(repository):
    path = repository / 'configs/pretrain_c3d_ucf.py'
    with pytest.raises(ConfigKeyError, match=r'fast_step\.presicion'):
        load_config(path, {'fast_step.presicion': 'fp32'})
    with pytest.raises(ValueError, match=r"fast_step\.precision='fp16' is unknown\. Supported: bf16, fp32"):
        spell_out(load_config(path, {'fast_step.precision': 'fp16'}), 'cpu')
    with pytest.raises(ValueError, match='must be a list'):
        spell_out(load_config(path, {'fast_step.compile': 'backbone'}), 'cpu')
    without_logs = {name: value for name, value in FAST.items() if name != 'logs'}
    with pytest.raises(ValueError, match=r'lacks logs\. Remedy: '):
        spell_out(Config(dict(optim_wrapper={}, fast_step=without_logs)), 'cpu')
    slow = load_config(repository / 'configs/demo/pretrain.py', {'fast_step.precision': 'bf16'})
    with pytest.raises(ValueError, match=r'fast_step has precision, but lacks memory_format, .*\. Remedy: '):
        spell_out(slow, 'cpu')


def test_colour_cannot_leave_a_pipeline_that_has_none(repository):
    config = load_config(repository / 'configs/pretrain_c3d_ucf.py')
    config.train_dataloader.dataset.pipeline.remove(colour_of(config))
    config.fast_step.colour = 'device'
    with pytest.raises(ValueError, match=r'no stage `colour`.*Remedy: set fast_step\.colour=host'):
        spell_out(config, 'cuda')
    config.fast_step.colour = 'host'
    spell_out(config, 'cuda')
    assert find(config.train_dataloader.dataset.pipeline, 'colour') == []


def test_a_pipeline_may_be_a_tuple(repository):
    path = repository / 'configs/pretrain_c3d_ucf.py'
    listed, tupled = (load_config(path, {'fast_step.colour': 'device'}) for _ in range(2))
    tupled.train_dataloader.dataset.pipeline = tuple(tupled.train_dataloader.dataset.pipeline)
    assert spell_out(tupled, 'cuda') == spell_out(listed, 'cuda')
    assert colour_of(tupled).where == 'device'
    assert tupled.train_dataloader.dataset.pipeline == listed.train_dataloader.dataset.pipeline


def of_optimiser(**wrapper):
    return Config(dict(model=dict(type='Recognizer3D'), optim_wrapper=wrapper, fast_step=dict(FAST, colour='host')))


def test_a_model_without_a_memory_format_is_given_none():
    config = of_optimiser(optimizer=dict(type='SGD', lr=0.1))
    lines = spell_out(config, 'cuda')
    assert config.model == dict(type='Recognizer3D')
    assert 'fast_step.memory_format: unchanged, not channels_last: Recognizer3D has no such setting' in lines
    ours = Config(config.to_dict() | dict(model=dict(type='mmaction.ContextMotionRecognizer')))
    spell_out(ours, 'cuda')
    assert ours.model.memory_format == 'channels_last'


def test_optimisers_without_levers_are_refused():
    with pytest.raises(ValueError, match=r"constructor='Mine' builds several optimisers.*Remedy: set fast_step=None"):
        spell_out(of_optimiser(constructor='Mine', first=dict(optimizer=dict(type='SGD', lr=0.1))), 'cuda')
    one = dict(type='AmpOptimWrapper', dtype='bfloat16', optimizer=dict(type='SGD', lr=0.1))
    with pytest.raises(ValueError, match=r'use_fsdp=True does not work.*Remedy: set use_fsdp=False'):
        spell_out(of_optimiser(use_fsdp=True, **one), 'cuda')
    config = of_optimiser(use_fsdp=False, constructor='DefaultOptimWrapperConstructor', **one)
    spell_out(config, 'cuda')
    assert config.optim_wrapper.type == 'StepOptimWrapper'
    assert config.optim_wrapper.keys().isdisjoint({'use_fsdp', 'dtype'})
    config.fast_step = 'x'
    with pytest.raises(ValueError, match=r"fast_step='x' must be a dict of colour, .*Remedy"):
        spell_out(config, 'cuda')


def test_only_the_named_parts_are_compiled_and_their_keys_stay(monkeypatch):
    compiled = []
    monkeypatch.setattr(nn.Module, 'compile', lambda self, dynamic: compiled.append((self, dynamic)))
    model = nn.ModuleDict(dict(backbone=nn.Linear(1, 1), head=nn.ModuleDict(dict(m_network=nn.Linear(1, 1)))))
    keys = list(model.state_dict())
    compile_parts(model, ['head.m_network'])
    assert compiled == [(model.head.m_network, False)]
    assert list(model.state_dict()) == keys
    with pytest.raises(ValueError, match=r"no part 'm_network'.*head\.m_network"):
        compile_parts(model, ['m_network'])


@pytest.fixture(autouse=True)
def _scope():
    with DefaultScope.overwrite_default_scope('mmaction'):  # as a runner does
        yield


@pytest.fixture
def tiny(repository, controlled_set, tmp_path):
    """The C3D recipe, narrow, at 32 px, on the controlled set, with SGD and clipping."""
    config = load_config(repository / 'configs/pretrain_c3d_ucf.py')
    merge_options(
        config,
        {
            'work_dir': str(tmp_path / 'run'),
            'launcher': 'none',
            'train_dataloader.batch_size': 2,
            'train_dataloader.num_workers': 0,
            'train_dataloader.persistent_workers': False,
            'train_dataloader.pin_memory': False,
            'train_dataloader.dataset.ann_file': str(controlled_set / 'train.txt'),
            'train_dataloader.dataset.data_prefix.video': str(controlled_set),
            'train_dataloader.dataset.pipeline.sample.frame_interval': 2,
            'train_dataloader.dataset.pipeline.sample.num_negatives': 1,
            'train_dataloader.dataset.pipeline.crop.size': 32,
            'model.backbone.width': 4,
            'model.context_head.in_channels': 32,
            'model.context_head.i_network.width': 4,
            'model.context_head.hidden_channels': 16,
            'model.context_head.embed_channels': 8,
            'model.context_head.output_norm': 'none',
            'model.motion_head.predictor.in_channels': 32,
            'model.motion_head.predictor.memory_size': (2, 2, 2),
            'model.motion_head.predictor.query_size': (1, 2, 2),
            'model.motion_head.predictor.width': 16,
            'model.motion_head.predictor.ffn_width': 16,
            'model.motion_head.predictor.num_encoder_layers': 1,
            'model.motion_head.predictor.num_decoder_layers': 1,
            'model.motion_head.predictor.dropout': 0.0,
            'model.motion_head.m_network.width': 4,
            'model.motion_head.m_network.stem_pool': 'none',
            'model.motion_head.hidden_channels': 16,
            'model.motion_head.embed_channels': 8,
            'model.motion_head.output_norm': 'none',
            'model.data_preprocessor.motion_size': 16,
            'train_cfg.max_epochs': 1,
            'default_hooks.logger.interval': 3,
        },
    )
    return config


def first_batch(config):
    collate = FUNCTIONS.get(config.train_dataloader.collate_fn.type)
    dataset = DATASETS.build(config.train_dataloader.dataset)
    order = [SampleIndex(index) for index in range(len(dataset))]
    return next(iter(torch.utils.data.DataLoader(dataset, VIDEOS, sampler=order, collate_fn=collate)))


def losses_over(config, batch, steps, device='cpu'):
    """Of `steps` steps on one batch, at a small rate, from the same weights."""
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(config.model)).to(device).train()
    wrapper = build_optim_wrapper(model, copy.deepcopy(config.optim_wrapper))
    return torch.stack([model.train_step(batch, wrapper)['loss'].detach() for _ in range(steps)]).cpu()


def plain_and_fast(tiny, device):
    plain, fast = tiny.copy(), tiny.copy()
    for config in (plain, fast):
        config.optim_wrapper.optimizer.lr = 1e-6  # at larger rates training magnifies rounding
    spell_out(fast, device)
    return plain, fast


def test_fifty_fast_steps_lose_what_fifty_plain_steps_lose(tiny):
    """Without bf16: channels last, fused SGD, the norm kept."""
    plain, fast = plain_and_fast(tiny, 'cpu')
    fast.optim_wrapper.precision = 'fp32'
    batch = first_batch(tiny)
    expected = losses_over(plain, batch, 50)
    assert expected[-1] < 0.9 * expected[0]
    # rounding differs with the layout and the number of threads, and training magnifies it: up to 1.5e-4 seen
    torch.testing.assert_close(losses_over(fast, batch, 50), expected, rtol=1e-3, atol=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='a GPU’s bf16; tests/engine/test_cpu_bf16.py has the CPU’s')
def test_fifty_steps_in_bf16_lose_what_fifty_plain_steps_lose(tiny):
    plain, fast = plain_and_fast(tiny, 'cuda')
    batch = first_batch(tiny)
    expected = losses_over(plain, batch, 50, 'cuda')
    torch.testing.assert_close(losses_over(fast, batch, 50, 'cuda'), expected, rtol=0.05, atol=0)


@pytest.mark.skipif(why_not_bf16() is not None, reason='this CPU trains in fp32')
@pytest.mark.parametrize(('first', 'second'), [('bf16', 'fp32'), ('fp32', 'bf16')])
def test_a_run_goes_on_in_another_precision(tiny, first, second):
    """As on a machine with another processor; weights, optimiser and checkpoint are fp32 either way."""
    for precision, epochs, resume in ((first, 1, False), (second, 2, True)):
        tiny.fast_step.precision, tiny.train_cfg.max_epochs, tiny.resume = precision, epochs, resume
        tiny.experiment_name = f'{first}_{second}_{epochs}'  # the time's seconds, its default, may be equal
        runner = runner_from(copy.deepcopy(tiny))
        runner.train()
        assert runner.optim_wrapper.precision == precision
    assert runner.epoch == 2
    assert {value.dtype for value in runner.model.state_dict().values() if value.is_floating_point()} == {torch.float}


READS_THE_DEVICE = {
    'aten._local_scalar_dense',  # item(), float(), bool(), tolist()
    'aten.nonzero', 'aten.masked_select', 'aten.unique_dim', 'aten._unique2', 'aten.equal',
    'aten.repeat_interleave.Tensor', 'aten.lift_fresh',  # torch.tensor([...]): a copy that is waited for
}  # fmt: skip


class NoHostSync(TorchDispatchMode):
    """Fails at operations for which a GPU would make the host wait. On a CPU they look harmless."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = str(function)
        if name in READS_THE_DEVICE or name.removesuffix('.default') in READS_THE_DEVICE:
            raise AssertionError(f'{name} waits for the device')
        if name.startswith('aten.index') and any(i is not None and i.dtype == torch.bool for i in args[1] or ()):
            raise AssertionError(f'{name} with a mask waits for the device')
        return function(*args, **(kwargs or {}))


def one_step(config, batch):
    model = MODELS.build(config.model).train()
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    model.train_step(batch, wrapper)  # the first one may make state
    with NoHostSync():
        model.train_step(batch, wrapper)


def test_a_step_never_waits_for_the_device(tiny):
    spell_out(tiny, 'cpu')
    batch = first_batch(tiny)
    one_step(tiny, batch)
    colour_of(tiny).where = 'device'  # as a GPU has it
    batch = first_batch(tiny)
    assert batch['inputs']['imgs_colour'].shape == (VIDEOS, 10)
    batch['inputs']['motion_valid'] = torch.tensor([True] * (VIDEOS - 1) + [False])  # Table 6's videos without a future
    one_step(tiny, batch)


def test_the_plain_step_waits_for_the_norm(tiny):
    with pytest.raises(AssertionError, match='_local_scalar_dense'):
        one_step(tiny, first_batch(tiny))


def test_the_m_network_runs_once_for_all_windows(tiny):
    model = MODELS.build(tiny.model)
    seen = []
    model.motion_head.m_network.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].shape[0]))
    batch = first_batch(tiny)
    model.train_step(batch, build_optim_wrapper(model, tiny.optim_wrapper))
    assert seen == [VIDEOS * 2]  # windows


def test_colour_on_the_device_loses_what_colour_on_the_host_loses(tiny):
    losses = []
    for where in ('host', 'device'):
        colour_of(tiny).where = where
        losses.append(losses_over(tiny, first_batch(tiny), 1))
    assert losses[0] != losses[1], 'the device did nothing'
    torch.testing.assert_close(losses[1], losses[0], rtol=0.01, atol=0)


def test_a_batch_travels_as_integers(tiny):
    inputs = first_batch(tiny)['inputs']
    assert inputs['imgs'].dtype == inputs['iframe'].dtype == torch.uint8
    assert inputs['motion'].dtype == torch.int16


@pytest.mark.slow
def test_a_run_logs_its_levers_and_the_same_numbers(tiny, caplog):
    """Through the runner: deferred logs of a fast run equal those of a run that reads every step."""
    histories = []
    for logs in ('deferred', 'every_step'):
        config = tiny.copy()
        config.merge_from_dict({'fast_step.logs': logs, 'experiment_name': logs, 'work_dir': f'{tiny.work_dir}_{logs}'})
        runner = runner_from(config)
        runner.logger.propagate = True
        runner.train()
        hub: MessageHub = runner.message_hub
        histories.append({key: hub.get_scalar(f'train/{key}').data[0].tolist() for key in ('loss', 'grad_norm')})
    assert len(histories[0]['loss']) == 4
    assert histories[0] == histories[1]
