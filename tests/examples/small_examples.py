"""The examples, with networks and lists small enough for a test."""

import importlib.util
from pathlib import Path
from types import ModuleType

from mmengine.config import Config

from cmvl_mm.engine.config import load_config

REPOSITORY = Path(__file__).resolve().parents[2]


def load_example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / 'examples' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def small_config(videos: Path) -> Config:
    """The demo's pretraining, of the training list in this folder."""
    small = {
        'model.backbone.width': 4,
        'model.context_head.in_channels': 32,
        'model.context_head.i_network.width': 4,
        'model.motion_head.predictor.in_channels': 32,
        'model.motion_head.predictor.width': 16,
        'model.motion_head.predictor.ffn_width': 16,
        'model.motion_head.m_network.width': 4,
        'train_dataloader.dataset.ann_file': str(videos / 'train.txt'),
        'train_dataloader.dataset.data_prefix.video': str(videos),
    }
    for head in ('context_head', 'motion_head'):
        small |= {f'model.{head}.hidden_channels': 16, f'model.{head}.embed_channels': 8}
    return load_config(REPOSITORY / 'configs/demo/pretrain.py', small)
