"""The network that made a features file, loaded at the first query by video."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cmvl_mm.embedding.embeddings import EmbeddingsMeta, Failure
from cmvl_mm.web.errors import UnreadableVideo

if TYPE_CHECKING:
    from cmvl_mm.embedding.network import Network


class QueryNetwork:
    """Embeds a video with the weights and settings of a features file. For one thread at a time.

    Args:
        meta: metadata of the features file.
    """

    def __init__(self, meta: EmbeddingsMeta) -> None:
        self._meta = meta
        self._network: Network | None = None

    def __call__(self, path: Path) -> npt.NDArray[np.float32]:
        """(m, C), one vector per clip.

        Raises:
            UnreadableVideo: no clip of the video can be read.
            EmbeddingsError: the weights that made the file are missing, or differ.
            TypeNameError, CheckpointError: as for `load_network_of`.
        """
        from cmvl_mm.embedding.network import load_network_of
        from cmvl_mm.embedding.one_video import embed_video  # loads torch and MMAction2

        if self._network is None:
            self._network = load_network_of(self._meta)
        rows = embed_video(path, self._network)
        if isinstance(rows, Failure):
            raise UnreadableVideo(f'{rows.stage}: {rows.reason}. {rows.remedy}.')
        return rows.vectors
