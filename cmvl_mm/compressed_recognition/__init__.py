"""Recognisers of compressed video from related work (CoViAR, EMV-CNN, DMC-Net), on MMAction2's networks."""

import cmvl_mm.compat  # noqa: F401  (mends the import of mmaction.models)
