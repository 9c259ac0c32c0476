"""Draw samples of a config after its whole pipeline: clip, I-frame, and motion vectors as arrows, as PNG files.

Every tile shows its frame number, every row shows whether it is mirrored, and arrows are drawn over their own frames.

python tools/show_sample.py configs/pretrain_c3d_ucf.py --indices 0 1 2 --out-dir samples
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from mmaction.registry import DATASETS, MODELS
from mmengine.config import DictAction

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.augment_batch import recolour_inputs
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.strict_files import read_files_as_data
from cmvl_mm.visualization.overlay import SAMPLE_DPI, draw_sample
from cmvl_mm.visualization.traced import traced_sample


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Draw training samples of a config.')
    parser.add_argument('config', help='a pretrain_* or finetune_* config')
    parser.add_argument('--indices', type=int, nargs='+', default=[0], help='positions in the training list')
    parser.add_argument('--epoch', type=int, default=0)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--out-dir', default='samples', help='folder for sample_<index>.png')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    read_files_as_data()
    config = load_config(args.config, args.cfg_options)
    dataset = DATASETS.build(config.train_dataloader.dataset)
    preprocessor = MODELS.build(config.model.data_preprocessor)
    out_dir = Path(args.out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    for index in args.indices:
        sample = traced_sample(dataset, SampleIndex(index, epoch=args.epoch, seed=args.seed))
        batch = compressed_collate([sample.packed])
        maps = None
        if 'motion' in sample.packed['inputs']:
            maps = (
                preprocessor(batch)['inputs']['motion'][0, :, :2] * preprocessor.motion_clamp
            )  # (K, 2, T, size, size)
            assert isinstance(maps, torch.Tensor)
        coloured = recolour_inputs(batch['inputs'])
        pictures = {name: coloured[name][0].byte() for name in ('imgs', 'iframe') if name in coloured}
        figure = draw_sample(sample, pictures, maps)
        path = out_dir / f'sample_{index}.png'
        figure.savefig(path, dpi=SAMPLE_DPI)
        plt.close(figure)
        print(path)


if __name__ == '__main__':
    main()
