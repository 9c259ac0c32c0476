"""The network that made a features file, loaded when the first query by video comes."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cmvl_mm.embedding.embeddings import EmbeddingsMeta, Failure
from cmvl_mm.web.errors import UnreadableVideo

if TYPE_CHECKING:
    from cmvl_mm.embedding.network import Network


class QueryNetwork:
    """Embeds one video in the way of a features file. For one thread at a time.

    Args:
        meta: of the features file.
    """

    def __init__(self, meta: EmbeddingsMeta) -> None:
        self._meta = meta
        self._network: Network | None = None

    def __call__(self, path: Path) -> npt.NDArray[np.float32]:
        """(m, C), one vector a clip.

        Raises:
            UnreadableVideo: no clip comes out of the video.
            EmbeddingsError: the weights that made the file are not at hand, or are others.
            TypeNameError, CheckpointError: as `load_network_of`.
        """
        from cmvl_mm.embedding.network import load_network_of
        from cmvl_mm.embedding.one_video import embed_video  # loads torch and MMAction2

        if self._network is None:
            self._network = load_network_of(self._meta)
        rows = embed_video(path, self._network)
        if isinstance(rows, Failure):
            raise UnreadableVideo(f'{rows.stage}: {rows.reason}. {rows.remedy}.')
        return rows.vectors
