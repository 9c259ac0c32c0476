"""Importing this module registers every component; configs name it in `custom_imports`."""

from cmvl_mm import compat
from cmvl_mm.checkpoints.mmengine_reader import mend_checkpoint_reader
from cmvl_mm.compressed_recognition import crop, dmc, dmc_adversarial, emv, segments, streams  # noqa: F401
from cmvl_mm.compressed_recognition import recognizer as stream_recognizer  # noqa: F401
from cmvl_mm.datasets import (  # noqa: F401
    collate,
    colour_stage,
    crop_stages,
    dataset,
    frame_choice,
    open_video,
    packing,
    read_stage,
)
from cmvl_mm.engine import (  # noqa: F401
    amp,
    checkpoint_hook,
    deferred,
    hooks,
    logger_hook,
    loop,
    runner,
    sampler,
    stock_runner_hook,
)
from cmvl_mm.evaluation import metrics, prediction_dump, probe_metrics  # noqa: F401
from cmvl_mm.models import (  # noqa: F401
    c3d,
    classification_head,
    convgru,
    heads,
    losses,
    neck,
    predictors,
    preprocessor,
    recognizer,
    residual_head,
    resnet,
    vector_heads,
)
from cmvl_mm.rivals import (  # noqa: F401
    augmentation,
    buechler,
    cbt,
    dpc,
    dsm,
    future_blocks,
    iic,
    instance,
    jigsaw,
    memdpc,
    opn,
    pace,
    prp,
    rotnet,
    samples,
    shuffle_learn,
    speednet,
    st_puzzle,
    tclr,
    vcop,
    vcp,
    vtdl,
    vthcl,
)
from cmvl_mm.rivals import recognizer as pretext_recognizer  # noqa: F401

compat.mend_colour_jitter()
mend_checkpoint_reader()
