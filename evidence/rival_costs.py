"""Count the cost of every row of RIVALS.md: clips through the network, operations; stored with the configs' digest."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from mmengine.config import Config
from rival_rows import STILL, Entry
from rows import REPOSITORY, WORK
from run import run
from store import digest

from cmvl_mm.engine.config import load_config
from cmvl_mm.files.atomic import replace_text

COSTS = REPOSITORY / 'evidence/rival_costs.json'
VIDEOS = 576
"""Videos per epoch: the training split of levels basic and future; level hard has 720."""
CLIP_PLACES = 16 * 48 * 48
"""Frames x height x width of a clip at the size of the evidence."""
BUDGET = 30 * VIDEOS
"""Number of clips through the network in a training of ours."""
TOLERANCE = 0.07
"""Allowed excess over the budget: whole epochs of methods with four or eight clips per video exceed it by 6.7 %."""


@dataclass(frozen=True)
class Cost:
    """The cost of one training on level basic."""

    epochs: int
    batch: int
    clips: float
    """Clips per video and epoch."""
    learnt: float
    """Those of them that pass the tested network with a gradient."""
    places: int
    """Measured frames x height x width per video."""
    operations: float
    """Operations of forward and backward per video and epoch."""
    settings: str
    """Digest of the settings, see `digest_of_step`."""

    @property
    def passes(self) -> float:
        """Clips through the network in the whole training."""
        return self.clips * self.epochs * VIDEOS

    @property
    def gflop_a_clip(self) -> float:
        return self.operations / self.clips / 1e9

    @property
    def tflop(self) -> float:
        """TFLOP of the whole training."""
        return self.operations * self.epochs * VIDEOS / 1e12


def digest_of_step(config: Config) -> str:
    """Digest of all settings on which a count depends: network, tasks, samples and epochs, but not hooks or rates."""
    return digest(Config({key: config[key] for key in ('model', 'train_dataloader', 'train_cfg')}))


def load_costs() -> dict[str, Cost]:
    """Costs by the key of a row; empty before the first count."""
    return {key: Cost(**found) for key, found in json.loads(COSTS.read_text()).items()} if COSTS.exists() else {}


def write_costs(entries: Sequence[Entry]) -> None:
    """Count the rows whose config has no count yet, with one step each, which takes seconds."""
    known = load_costs()
    trained = [entry for entry in entries if entry.row.train is not None and entry.row.options != STILL]
    configs = {entry.key: load_config(entry.row.training) for entry in trained}
    missing = [
        entry for entry in trained
        if entry.key not in known or known[entry.key].settings != digest_of_step(configs[entry.key])
    ]  # fmt: skip
    if not missing:
        return
    counted = WORK / 'rival_costs.json'
    run('rival_costs', ['benchmarks/whole_step.py', *(entry.row.training for entry in missing), '--json', counted])
    steps = json.loads(counted.read_text())
    for entry in missing:
        config = configs[entry.key]
        known[entry.key] = Cost(
            epochs=config.train_cfg.max_epochs, batch=config.train_dataloader.batch_size,
            settings=digest_of_step(config), **steps[entry.row.training.stem],
        )  # fmt: skip
    contents = {entry.key: asdict(known[entry.key]) for entry in trained}
    replace_text(COSTS, json.dumps(contents, indent=1) + '\n')
