"""Importing this module registers every component; configs name it in `custom_imports`."""

import cmvl_mm.register_models  # noqa: F401
from cmvl_mm import compat
from cmvl_mm.checkpoints.mmengine_reader import mend_checkpoint_reader
from cmvl_mm.compressed_recognition import crop, segments, streams  # noqa: F401
from cmvl_mm.datasets import (  # noqa: F401
    camera_stage,
    collate,
    colour_stage,
    crop_stages,
    dataset,
    frame_choice,
    open_video,
    packing,
    read_stage,
    retrieval_dataset,
)
from cmvl_mm.engine import (  # noqa: F401
    amp,
    checkpoint_hook,
    config_text,
    deferred,
    hooks,
    logger_hook,
    loop,
    runner,
    sampler,
    stock_runner_hook,
)
from cmvl_mm.evaluation import metrics, prediction_dump, probe_metrics  # noqa: F401
from cmvl_mm.rivals import augmentation, samples  # noqa: F401

compat.mend_colour_jitter()
mend_checkpoint_reader()
config_text.format_once()
