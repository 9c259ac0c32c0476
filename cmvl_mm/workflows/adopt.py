"""Give a classifier's config the network of the weights that it starts from, if that network differs."""

from pathlib import Path
from typing import Any

import torch
from mmaction.registry import MODELS
from mmengine.config import Config

from cmvl_mm.datasets.stages import find
from cmvl_mm.engine.config import load_config, merge_options
from cmvl_mm.zoo.fields import NAME
from cmvl_mm.zoo.manifest import read_manifest

_TAKEN = {'sample': ('clip_len', 'frame_interval'), 'crop': ('size',)}  # role -> arguments
_TEST_EDGE = 8 / 7  # short side of a test picture divided by its crop: 128 / 112 px


def config_of(weights: str) -> Config | None:
    """The config that trained these weights: from the work directory or the zoo; None for any other file.

    A work directory's config is a program, which is run as any config is.
    """
    folder = Path(weights)
    if folder.is_dir():
        files = sorted(folder.glob('*.py'), key=lambda path: path.stat().st_mtime)
        return load_config(files[-1]) if files else None
    entry = read_manifest().get(weights) if NAME.fullmatch(weights) else None
    return None if entry is None else load_config(Path(entry.config).with_suffix(''))


def take_network(config: Config, trained: Config) -> str | None:
    """Write backbone, clips and crop of a pretraining into a finetuning's config, if the backbones differ.

    Args:
        config: config with a `cls_head` on the last stage; changed in place.
        trained: config of the weights.

    Returns:
        A line for the screen; None if nothing changed.
    """
    if trained.model.backbone == config.model.backbone:
        return None
    config.model.backbone = trained.model.backbone
    config.model.data_preprocessor = trained.model.data_preprocessor
    with torch.device('meta'):
        config.model.cls_head.in_channels = MODELS.build(trained.model.backbone.to_dict()).out_channels
    options = _clips_and_crop(trained)
    merge_options(config, options)
    taken = [f'{key.split("pipeline.")[1]}={value}' for key, value in options.items() if key.startswith('train')]
    said = ', '.join(taken) or 'unknown'
    return f'Using the network of the weights, {trained.model.backbone.type}, with its clips and crop: {said}.'


def _clips_and_crop(trained: Config) -> dict[str, Any]:
    """Arguments of the stages with known roles; for a custom stage the config keeps its own clips."""
    pipeline = trained.train_dataloader.dataset.pipeline
    both = {
        f'{role}.{name}': pipeline[number][name]
        for role, names in _TAKEN.items()
        for number in find(pipeline, role)
        for name in names
        if name in pipeline[number]
    }
    found = {
        f'{use}_dataloader.dataset.pipeline.{key}': value for use in ('train', 'test') for key, value in both.items()
    }
    if 'crop.size' in both:
        found['test_dataloader.dataset.pipeline.crop.resize_short'] = round(both['crop.size'] * _TEST_EDGE)
    return found
