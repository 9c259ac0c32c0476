"""Every config with narrow networks and the controlled videos."""

from pathlib import Path

import torch
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import FUNCTIONS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.stages import stage_of

REPOSITORY = Path(__file__).resolve().parents[2]
_PATHS = (path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / 'configs').rglob('*.py'))
LEAVES = sorted(
    path for path in _PATHS if not path.startswith(('configs/_base_/', 'configs/rivals/', 'configs/compressed/'))
)
"""All but those of configs/rivals and configs/compressed, which tests/rivals and tests/compressed_recognition have."""


def shrink(config: Config) -> Config:
    """The same networks, 16 times narrower where they are full-size and have a width."""
    model = config.model
    model.pop('init_cfg', None)
    if model.backbone.type == 'ResNetTSM':
        return config
    width = 'base_channels' if 'base_channels' in model.backbone else 'width'  # MMAction2's name, ours
    factor = model.backbone[width] // 4
    model.backbone[width] = 4
    if model.get('context_head') is not None:
        model.context_head.in_channels //= factor
        model.context_head.update(hidden_channels=16, embed_channels=8)
        model.context_head.i_network.width = 4
    for head, network in (('motion_head', 'm_network'), ('residual_head', 'r_network')):
        if model.get(head) is None:
            continue
        predictor = model[head].predictor
        for part in (predictor, model[head]):
            if 'in_channels' in part:
                part.in_channels //= factor
        predictor.update({name: 16 for name in ('width', 'ffn_width') if name in predictor})
        if network in model[head]:
            model[head].update(hidden_channels=16, embed_channels=8)
            model[head][network].width = 4
    if model.get('cls_head') is not None:
        model.cls_head.in_channels //= factor
    for head in ('context_head', 'motion_head'):
        if (model.get(head) or {}).get('channels'):
            model[head].channels = tuple(channel // factor for channel in model[head].channels)
    return config


def local_loader(config: dict, controlled_set: Path) -> torch.utils.data.DataLoader:
    """The config's data set on the controlled videos, stretched where they are too short."""
    dataset = config['dataset']
    dataset['data_prefix'] = dict(video=str(controlled_set))
    if 'rgb_suffix' in dataset:  # two-file mode, both the same here
        dataset['data_prefix']['rgb'], dataset['rgb_suffix'] = str(controlled_set), '.mp4'
    for key, name in (('ann_file', 'train'), ('gallery', 'train'), ('query', 'test')):
        if key in dataset:
            dataset[key] = str(controlled_set / f'{name}.txt')
    sample = stage_of(dataset['pipeline'], 'sample')
    if sample['type'] != 'SampleNearestIFrames':
        sample['past_end'] = 'repeat_last'
    if 'num_clips' in sample and sample.get('place') != 'first':
        sample['num_clips'] = 2
    collate = FUNCTIONS.get(config.get('collate_fn', dict(type='pseudo_collate'))['type'])  # MMEngine's default
    built = DATASETS.build(dataset)
    order = [SampleIndex(index) for index in range(len(built))]
    return torch.utils.data.DataLoader(built, 2, sampler=order, collate_fn=collate)
