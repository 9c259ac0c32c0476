"""The examples train, draw other clips every epoch, and resume exactly where they were stopped."""

import ast

import pytest
import torch
from small_examples import load_example, small_config

from cmvl_mm.datasets.crop_stages import RandomCropFlip

EXAMPLES = {'plain_torch': 'state.pth', 'with_accelerate': '.', 'with_lightning': '.'}
WEIGHTS = {'plain_torch': 'state.pth', 'with_accelerate': 'epoch_003/model.safetensors', 'with_lightning': 'last.ckpt'}


@pytest.fixture(params=EXAMPLES)
def example(request, tmp_path, monkeypatch, controlled_set):
    """`example(folder, epochs, workers)` -> the losses of a run, with networks small enough for a test."""
    monkeypatch.chdir(tmp_path)
    module = load_example(request.param)

    def run(folder, epochs, workers):
        folder.mkdir(exist_ok=True)
        return module.train(small_config(controlled_set), folder / EXAMPLES[request.param], epochs, workers)

    run.weights = lambda folder: weights_in(folder / WEIGHTS[request.param])
    return run


def weights_in(file):
    if file.suffix == '.safetensors':
        from safetensors.torch import load_file

        return load_file(file)
    saved = torch.load(file, weights_only=True)
    return saved['state_dict'] if isinstance(saved, dict) else saved[0]


@pytest.fixture
def crops(monkeypatch):
    """The boxes that clips and motion were cropped to, by video and in order, where no worker reads."""
    seen = {}
    plain = RandomCropFlip.__call__

    def noted(stage, sample):
        cropped = plain(stage, sample)
        seen.setdefault(sample['path'], []).append((cropped['motion_box'].tolist(), sample['clip_frames'].tolist()))
        return cropped

    monkeypatch.setattr(RandomCropFlip, '__call__', noted)
    return seen


def test_epochs_differ(example, tmp_path, crops):
    losses = example(tmp_path / 'run', 3, workers=0)
    assert len(losses) == 6  # two batches of four an epoch
    assert all(0 < loss < 100 for loss in losses)
    assert len(crops) == 8
    for path, draws in crops.items():
        assert len(draws) == 3
        assert all(one != other for one, other in zip(draws, draws[1:] + draws[:1], strict=True)), path


@pytest.mark.parametrize('workers', [0, 2])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(example, tmp_path, workers):
    whole = example(tmp_path / 'whole', 3, workers)
    stopped = example(tmp_path / 'stopped', 1, workers)
    resumed = example(tmp_path / 'stopped', 3, workers)
    assert (len(stopped), len(resumed)) == (2, 4)
    expected, found = (example.weights(tmp_path / name) for name in ('whole', 'stopped'))
    rounding = dict(rtol=1e-2, atol=1e-3) if torch.cuda.is_available() else dict(rtol=0, atol=0)
    torch.testing.assert_close(torch.tensor(stopped + resumed), torch.tensor(whole), **rounding)
    torch.testing.assert_close(found, expected, **rounding)


@pytest.mark.parametrize('name', EXAMPLES)
def test_the_document_shows_the_example(repository, name):
    shown = (repository / 'docs/training_elsewhere.md').read_text()
    source = (repository / f'examples/{name}.py').read_text()
    parts = [node for node in ast.parse(source).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assert parts
    for part in parts:
        assert ast.get_source_segment(source, part) in shown, f'{name}.{part.name}'
