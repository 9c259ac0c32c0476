"""`rival_samples` is a module of this folder; the configs of the methods run on the controlled videos."""

import sys
from pathlib import Path

import pytest
from mmaction.registry import DATASETS, MODELS

sys.path.insert(0, str(Path(__file__).parent))

import rival_samples

from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.stages import change
from cmvl_mm.engine.config import load_config


@pytest.fixture(scope='session')
def batch_of(controlled_set, repository):
    """`batch_of(name)`: the evidence-size config, its narrow model, and a batch of its own pipeline."""

    def make(name, videos, size, **head):
        config = load_config(repository / f'configs/rivals/evidence/{name}.py')
        dataset = config.train_dataloader.dataset
        dataset.update(ann_file=str(controlled_set / 'train.txt'), data_prefix=dict(video=str(controlled_set)))
        dataset.pipeline = change(dataset.pipeline, crop=dict(size=size))
        built = DATASETS.build(dataset)
        batch = compressed_collate([built[SampleIndex(index, seed=3)] for index in range(videos)])
        rival_samples.narrow(config.model)
        config.model.pretext_head.update(head)
        model = MODELS.build(config.model)
        model.init_weights()
        return config, model, batch

    return make
