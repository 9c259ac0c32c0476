"""The cost of a config's training for its docstring: counted operations, because no full run has been made.

    python benchmarks/leaf_cost.py configs/pretrain_c3d_ucf.py configs/finetune_c3d_ucf.py

The cost is the operations (two per multiply-add) of forward and backward, counted by benchmarks/cost.py, times the
videos of the training list and the epochs. Tests during and after training are not counted.
"""

import sys

import torch
from cost import VIDEOS, count_part, count_parts
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch._subclasses import FakeTensorMode

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config
from cmvl_mm.models.backbone_layout import layout_of

LISTS = {'ucf101': 9_537, 'hmdb51': 3_570, 'kinetics400': 240_000}
"""Number of training videos, of split 1 if there are splits."""
SHARES = {1.0: 9_537, 0.2: 1_898, 0.1: 963, 0.05: 482, 0.01: 101}
"""Number of videos of the few-label lists of UCF101: every class keeps at least one."""


def step_operations(config: Config) -> float:
    """Operations of one clip; a classifier's loss and last layer are too small to count."""
    if config.model.get('context_head') or config.model.get('motion_head'):
        config = config.copy()
        config.model.update(cls_head=None, init_cfg=None)
        return sum(part.step for part in count_parts(config))
    pipeline = config.train_dataloader.dataset.pipeline
    length, size = stage_of(pipeline, 'sample').clip_len, stage_of(pipeline, 'crop').size
    with FakeTensorMode():
        backbone = MODELS.build(config.model.backbone)
        backbone.train()  # train() of MMAction2's backbones returns None
        clips = torch.zeros(VIDEOS, 3, length, size, size)
        of_frames = layout_of(backbone).input == 'frames'
        return count_part('backbone', backbone, clips.transpose(1, 2).flatten(0, 1) if of_frames else clips).step


def line(config: Config) -> str:
    """The line for the docstring's field."""
    dataset = config.train_dataloader.dataset
    videos = next(count for name, count in LISTS.items() if name in dataset.ann_file)
    videos = SHARES[dataset.label_share] if 'label_share' in dataset else videos
    clip = step_operations(config)
    total = clip * videos * config.train_cfg.max_epochs
    return f'Cost: {clip / 1e9:.0f} GFLOP a clip, {total / 1e15:,.0f} PFLOP in all, counted; not run'


def main(leaves: list[str]) -> None:
    for leaf in leaves:
        config = load_config(leaf)
        with DefaultScope.overwrite_default_scope(config.default_scope):
            print(f'{leaf}\t{line(config)}', flush=True)


if __name__ == '__main__':
    main(sys.argv[1:])
