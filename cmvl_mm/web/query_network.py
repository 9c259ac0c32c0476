"""The network that made a features file, loaded when the first query by video comes."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from cmvl_mm.web.errors import BadRequest
from cmvl_mm.workflows.embeddings import EmbeddingsMeta


class QueryNetwork:
    """Embeds one video in the way of a features file. For one thread at a time.

    Args:
        meta: of the features file.
    """

    def __init__(self, meta: EmbeddingsMeta) -> None:
        self._meta = meta

    def __call__(self, path: Path) -> npt.NDArray[np.float32]:
        raise BadRequest(f'{path.name}: queries by upload need the embedding workflow, which is not here yet', 501)
