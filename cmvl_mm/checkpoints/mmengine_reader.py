"""Lets MMEngine's own readers load checkpoints of our runs and of the zoo.

With torch >= 2.6, MMEngine 0.10.7 cannot read what its Runner writes
(https://github.com/open-mmlab/mmengine/issues/1655): torch reads only tensors and plain data, and every checkpoint of a
Runner holds `HistoryBuffer`s. So MMAction2's inferencers, `init_recognizer` and any stock Runner fail on every
checkpoint of a training.
"""

import pickle
from pathlib import Path
from typing import Any

from mmengine.runner.checkpoint import CheckpointLoader, load_from_local

from .pretrained import read_checkpoint
from .resolve import CheckpointError


def mend_checkpoint_reader() -> None:
    """Install the reader; called by `cmvl_mm.register`. Files that MMEngine can read are read as before."""
    if CheckpointLoader._schemes[''] is load_from_local:
        CheckpointLoader.register_scheme('', load_from_disk, force=True)


def load_from_disk(filename: str | Path, map_location: Any = None) -> dict[str, Any]:
    """MMEngine's loader of local files; what torch refuses to unpickle is read by `read_checkpoint`, on the CPU.

    That runs no code from the file either. MMEngine copies the weights to the model's device.

    Raises:
        UnpicklingError: torch's own, if the file holds more than tensors, plain data and MMEngine's histories.
    """
    try:
        return load_from_local(str(filename), map_location)
    except pickle.UnpicklingError as refusal:
        try:
            return read_checkpoint(Path(filename).expanduser())
        except CheckpointError as error:
            refusal.add_note(str(error))
        raise
