"""Pretraining in a plain PyTorch loop. Started again, it resumes after the last whole epoch.

python tools/demo.py --only-videos    # once
python examples/plain_torch.py
"""

from pathlib import Path

import torch
from mmaction.registry import DATASETS, MODELS
from mmengine.config import Config
from torch.utils.data import DataLoader

import cmvl_mm.register  # noqa: F401
from cmvl_mm import compressed_collate
from cmvl_mm.engine.config import load_config


def train(config: Config, state_file: Path, epochs: int, workers: int) -> list[float]:
    """Train until `epochs` are done; return the loss of each step."""
    torch.manual_seed(0)  # the weights
    model = MODELS.build(config.model)
    model.init_weights()
    model.to('cuda' if torch.cuda.is_available() else 'cpu').train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.001)
    videos = DATASETS.build(config.train_dataloader.dataset)
    loader = DataLoader(videos, 4, shuffle=True, drop_last=True, num_workers=workers, collate_fn=compressed_collate)
    done, losses = 0, []
    if state_file.exists():
        weights, moments, done = torch.load(state_file)
        model.load_state_dict(weights)
        optimiser.load_state_dict(moments)
    for epoch in range(done, epochs):
        torch.manual_seed(epoch)  # the order of the videos
        videos.set_epoch(epoch)  # their clips, crops and colours
        for batch in loader:
            optimiser.zero_grad()
            loss, _ = model.parse_losses(model(**model.data_preprocessor(batch, training=True), mode='loss'))
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        torch.save((model.state_dict(), optimiser.state_dict(), epoch + 1), state_file)
    return losses


if __name__ == '__main__':
    print(*train(load_config('configs/demo/pretrain.py'), Path('work_dirs/plain_torch.pth'), epochs=2, workers=1))
