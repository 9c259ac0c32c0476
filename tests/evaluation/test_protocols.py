"""Every protocol's number, recomputed from the dumped features by a script that shares no code with the package."""

import importlib.util
import sys

import numpy as np
import pytest
import torch
from mmaction.registry import METRICS
from mmengine.evaluator import Evaluator

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config, merge_options
from cmvl_mm.engine.launch import runner_from

CLASSES, CHANNELS = 5, 6
PROBES = ('linear', 'knn', 'retrieval_paper', 'retrieval_coclr', 'retrieval_vcop')
CLASSIFIERS = ('finetune', *(f'few_label_{percent}' for percent in (1, 5, 10, 20)))


@pytest.fixture(scope='module')
def script(repository):
    spec = importlib.util.spec_from_file_location('recompute', repository / 'benchmarks/recompute_protocols.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def config_of(repository, protocol):
    names = {'finetune': 'finetune_c3d_ucf', 'retrieval_paper': 'retrieval_c3d_ucf'}
    return load_config(repository / 'configs' / f'{names.get(protocol, f"protocols/{protocol}_c3d_ucf")}.py')


def noisy(prediction, rng, label, is_query, index, scored):
    """A feature far from the origin, as after a ReLU: centring changes the ranking."""
    feature = (rng.normal(size=CHANNELS) + 2 + 1.5 * np.eye(CLASSES, CHANNELS)[label]).astype(np.float32)
    scores = torch.tensor(rng.dirichlet(1 + 2 * np.eye(CLASSES)[label]), dtype=torch.float32)
    return prediction(feature, label, is_query, index, **(dict(pred_score=scores) if scored else {}))


@pytest.fixture
def run_of(prediction, repository, tmp_path):
    """Protocol -> what test.py would print for random features, and the file that it would dump."""

    def run(protocol):
        rng, scored = np.random.default_rng(7), protocol in CLASSIFIERS
        sizes = ((False, 0), (True, 40)) if scored else ((False, 60), (True, 40))
        places = [(i, query) for query, count in sizes for i in range(count)]
        samples = [noisy(prediction, rng, i % CLASSES, query, i, scored) for i, query in places]
        metric = METRICS.build(config_of(repository, protocol).test_evaluator)
        dump = METRICS.build(dict(type='FeatureDump', path=str(tmp_path / 'f.npz')))
        evaluator = Evaluator([metric, dump])
        evaluator.process(samples, {})
        printed = evaluator.evaluate(len(samples))
        with np.load(tmp_path / 'f.npz', allow_pickle=False) as file:
            return printed, dict(file)

    return run


@pytest.mark.parametrize('protocol', [*PROBES, *CLASSIFIERS])
def test_recomputed_number_agrees_and_names_its_protocol(run_of, script, protocol):
    printed, arrays = run_of(protocol)
    again = script.recompute(arrays, protocol)
    assert 'top1' in again or 'R@1' in again
    for name, value in again.items():
        assert f'{printed[f"{protocol}/{name}"]:.4f}' == f'{value:.4f}', name
    first = again.get('top1', again.get('R@1', 0) / 100)
    assert 0 < first < 1  # neither all nor nothing, which any formula could give
    assert ('scores' in arrays) == (protocol in CLASSIFIERS)


def test_the_script_is_independent_and_protocols_differ_where_they_should(run_of, script, repository):
    """Else the agreement above would not tell one protocol from another."""
    _, arrays = run_of('retrieval_paper')
    paper, coclr = (script.recompute(arrays, name) for name in ('retrieval_paper', 'retrieval_coclr'))
    assert paper != coclr
    assert script.recompute(arrays, 'knn') != {'top1': paper['R@1'] / 100}
    assert script.recompute(arrays, 'knn') != script.recompute(arrays, 'knn', k=1)
    source = (repository / 'benchmarks/recompute_protocols.py').read_text()
    imports = {line.split()[1] for line in source.splitlines() if line.startswith(('import ', 'from '))}
    assert imports == {'argparse', 'numpy'}


def test_script_prints_what_test_py_printed(run_of, script, tmp_path, monkeypatch, capsys):
    printed, _ = run_of('linear')
    monkeypatch.setattr(sys, 'argv', ['recompute_protocols.py', str(tmp_path / 'f.npz'), '--protocol', 'linear'])
    script.main()
    lines = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert (printed.pop('linear/queries'), printed.pop('linear/gallery')) == (40, 60)
    assert lines == {name: f'{value:.4f}' for name, value in printed.items() if name.startswith('linear')}
    monkeypatch.setattr(sys, 'argv', ['recompute_protocols.py', str(tmp_path / 'f.npz'), '--protocol', 'finetune'])
    with pytest.raises(SystemExit):
        script.main()
    assert 'the file has no scores' in capsys.readouterr().err


@pytest.mark.slow
def test_one_network_under_several_protocols(repository, script, controlled_set, tmp_path):
    """Real videos through the real test loop, once per kind of features: a narrow C3D, random weights, two classes."""
    for name in ('train', 'test'):
        lines = [f'videos/{name}{i}.mp4 {i % 2}\n' for i in range(8)]
        (tmp_path / f'{name}.txt').write_text(''.join(lines))
    for protocol in ('linear', 'retrieval_coclr', 'retrieval_vcop', 'few_label_10'):
        config = config_of(repository, protocol)
        dump = tmp_path / f'{protocol}.npz'
        merge_options(
            config,
            {
                'model.backbone.width': 4,
                'model.init_cfg': None,
                'test_dataloader.num_workers': 0,
                'test_dataloader.persistent_workers': False,
                'test_dataloader.pin_memory': False,
                'test_dataloader.dataset.data_prefix.video': str(controlled_set),
                'test_dataloader.dataset.pipeline.sample.frame_interval': 2,
                'test_dataloader.dataset.pipeline.crop.size': 48,
                'work_dir': str(tmp_path / protocol),
                'launcher': 'none',
            },
        )
        config.test_evaluator = [config.test_evaluator, dict(type='FeatureDump', path=str(dump))]
        if protocol == 'few_label_10':
            config.model.cls_head.update(in_channels=32, num_classes=2)
            config.test_dataloader.dataset.ann_file = str(tmp_path / 'test.txt')
            for key in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler', 'auto_scale_lr'):
                config.pop(key)
        else:
            config.test_dataloader.dataset.update(gallery=str(tmp_path / 'train.txt'), query=str(tmp_path / 'test.txt'))
        sample = stage_of(config.test_dataloader.dataset.pipeline, 'sample')
        if sample.place == 'bin_centres':
            sample.num_clips = 2
        runner = runner_from(config)
        runner.model.init_weights()
        printed = runner.test()
        with np.load(dump, allow_pickle=False) as file:
            arrays = dict(file)
        for name, value in script.recompute(arrays, protocol).items():
            assert f'{printed[f"{protocol}/{name}"]:.4f}' == f'{value:.4f}', (protocol, name)
        assert len(arrays['labels']) == (8 if protocol == 'few_label_10' else 16)
        channels = 32 * 2 * 1 * 1 if protocol == 'retrieval_vcop' else 32  # 48 px: a map of 2x3x3
        assert arrays['features'].shape[1] == channels
