"""Importing this module registers every model and part of one, and nothing that trains, tests or reads data.

`cmvl_mm.register` does so, too, and takes seconds more.
"""

from cmvl_mm.compressed_recognition import dmc, dmc_adversarial, emv  # noqa: F401
from cmvl_mm.compressed_recognition import recognizer as stream_recognizer  # noqa: F401
from cmvl_mm.models import (  # noqa: F401
    c3d,
    classification_head,
    clip_motion_head,
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
