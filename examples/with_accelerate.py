"""Pretraining with accelerate, on any number of processes. Started again, it resumes after the last whole epoch.

python tools/demo.py --only-videos    # once
accelerate launch examples/with_accelerate.py
"""

from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DataLoaderConfiguration, set_seed
from mmaction.registry import DATASETS, MODELS
from mmengine.config import Config
from torch.utils.data import DataLoader

import cmvl_mm.register  # noqa: F401
from cmvl_mm import compressed_collate
from cmvl_mm.engine.config import load_config


def train(config: Config, folder: Path, epochs: int, workers: int) -> list[float]:
    """Train until `epochs` are done; return the loss of each step on this process."""
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(use_seedable_sampler=True))
    set_seed(0)  # the weights
    model = MODELS.build(config.model)
    model.init_weights()
    videos = DATASETS.build(config.train_dataloader.dataset)
    loader = DataLoader(videos, 4, shuffle=True, drop_last=True, num_workers=workers, collate_fn=compressed_collate)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.001)
    prepare = model.data_preprocessor
    model, optimiser, loader = accelerator.prepare(model.train(), optimiser, loader)
    saved = sorted(folder.glob('epoch_*'))
    if saved:
        accelerator.load_state(str(saved[-1]))
    losses = []
    for epoch in range(len(saved), epochs):
        set_seed(epoch)
        loader.set_epoch(epoch)  # the order of the videos
        videos.set_epoch(epoch)  # their clips, crops and colours
        for batch in loader:
            optimiser.zero_grad()
            by_head = model(**prepare(batch, training=True), mode='loss')
            loss, _ = accelerator.unwrap_model(model).parse_losses(by_head)
            accelerator.backward(loss)
            optimiser.step()
            losses.append(loss.item())
        accelerator.save_state(str(folder / f'epoch_{epoch + 1:03d}'))
    return losses


if __name__ == '__main__':
    print(*train(load_config('configs/demo/pretrain.py'), Path('work_dirs/with_accelerate'), epochs=2, workers=1))
