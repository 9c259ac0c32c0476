"""Embeds the clips of several videos in full batches."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cmvl_mm.embedding.network import CLIPS_PER_FORWARD, Network

Vector = npt.NDArray[np.float32]


class ClipBatches:
    """Collects clips until a batch is full; the network runs in the thread that adds them.

    Args:
        network: the network that embeds.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._waiting: list[tuple[npt.NDArray[np.uint8], list[Vector]]] = []

    def add(self, clips: Sequence[npt.NDArray[np.uint8]] | npt.NDArray[np.uint8], vectors: list[Vector]) -> None:
        """Add clips of a video.

        Args:
            clips: (n, T, size, size, 3) uint8.
            vectors: vectors of this video; receives a (C,) vector per clip, in order, when the clip's batch is full.
        """
        self._waiting += [(clip, vectors) for clip in clips]
        while len(self._waiting) >= CLIPS_PER_FORWARD:
            self._run()

    def drop(self, vectors: list[Vector]) -> None:
        """Discard a video's clips, both embedded and waiting."""
        self._waiting = [one for one in self._waiting if one[1] is not vectors]
        vectors.clear()

    def flush(self) -> None:
        """Embed the waiting clips as a smaller batch."""
        if self._waiting:
            self._run()

    def _run(self) -> None:
        now, self._waiting = self._waiting[:CLIPS_PER_FORWARD], self._waiting[CLIPS_PER_FORWARD:]
        for (_, vectors), vector in zip(now, self._network.vectors(np.stack([clip for clip, _ in now])), strict=True):
            vectors.append(vector)
