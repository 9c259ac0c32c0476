"""Pretraining with Lightning, on any number of processes. Started again, it resumes after the last whole epoch.

python tools/demo.py --only-videos    # once
python examples/with_lightning.py
"""

from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from mmaction.registry import DATASETS, MODELS
from mmengine.config import Config
from torch.utils.data import DataLoader

import cmvl_mm.register  # noqa: F401
from cmvl_mm import compressed_collate
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.sampler import ResumableSampler


class Pretraining(lightning.LightningModule):
    """A model and a data set of ours as Lightning takes them."""

    def __init__(self, config: Config, workers: int) -> None:
        super().__init__()
        self.model = MODELS.build(config.model)
        self.model.init_weights()
        self.videos = DATASETS.build(config.train_dataloader.dataset)
        self.first_epoch = 0
        self.workers = workers
        self.losses: list[float] = []

    def train_dataloader(self) -> DataLoader:
        # The sampler asks for this process's rank, which is known from here on
        sampler = ResumableSampler(self.videos, seed=0)  # order, clips, crops and colours
        sampler.set_epoch(self.first_epoch)  # Lightning tells it, too, but after the workers of a resumed run start
        loading = dict(num_workers=self.workers, collate_fn=compressed_collate)
        return DataLoader(self.videos, batch_size=4, sampler=sampler, drop_last=True, **loading)

    def on_load_checkpoint(self, checkpoint: dict) -> None:
        self.first_epoch = checkpoint['epoch'] + 1

    def training_step(self, batch: dict, _: int) -> torch.Tensor:
        inputs = self.model.data_preprocessor(batch, training=True)
        loss, by_head = self.model.parse_losses(self.model(**inputs, mode='loss'))
        self.log_dict(by_head)
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=0.001)


def train(config: Config, folder: Path, epochs: int, workers: int) -> list[float]:
    """Train until `epochs` are done; return the loss of each step on this process."""
    lightning.seed_everything(0)  # the weights
    module = Pretraining(config, workers)
    trainer = lightning.Trainer(
        max_epochs=epochs,
        use_distributed_sampler=False,  # ours gives each process its share
        callbacks=[ModelCheckpoint(folder, filename='last', enable_version_counter=False)],
        logger=CSVLogger(folder),
        log_every_n_steps=1,
    )
    saved = folder / 'last.ckpt'
    trainer.fit(module, ckpt_path=saved if saved.exists() else None)
    return module.losses


if __name__ == '__main__':
    print(*train(load_config('configs/demo/pretrain.py'), Path('work_dirs/with_lightning'), epochs=2, workers=1))
