"""One rank of an example that torchrun starts on the CPU: `ranks.py EXAMPLE VIDEOS FOLDER`.

It trains for two epochs, and leaves in FOLDER/RANK.json what it read: `[path, epoch]` of each sample, in order.
"""

import json
import os
import sys
from functools import partial
from pathlib import Path

import lightning
from small_examples import load_example, small_config

from cmvl_mm.datasets.clock import Clock
from cmvl_mm.datasets.dataset import CompressedVideoDataset
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.signals import end_rank

EPOCHS = 2


def main(name: str, videos: Path, folder: Path) -> None:
    read = []
    plain = CompressedVideoDataset.__getitem__

    def noted(dataset: CompressedVideoDataset, index: int) -> dict:
        sample = plain(dataset, index)
        epoch = index.epoch if isinstance(index, SampleIndex) else told[-1]
        read.append((sample['data_samples'].path, epoch))
        return sample

    told = []
    tell = Clock.set_epoch

    def noted_epoch(clock: Clock, epoch: int, seed: int | None = None) -> None:
        tell(clock, epoch, seed)
        told.append(epoch)

    CompressedVideoDataset.__getitem__ = noted
    Clock.set_epoch = noted_epoch
    # Of the CPU, Lightning takes one process by itself
    lightning.Trainer = partial(lightning.Trainer, accelerator='cpu', devices=2, strategy='ddp')
    load_example(name).train(small_config(videos), folder / 'run', EPOCHS, workers=0)
    (folder / f'{os.environ["RANK"]}.json').write_text(json.dumps(read))


if __name__ == '__main__':
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    end_rank(0)
