"""A data set that keeps something of every sample: what the soak must notice. Imported by the configs of its test."""

from typing import Any

from mmaction.registry import DATASETS

from cmvl_mm.datasets.dataset import CompressedVideoDataset

KEPT: list[Any] = []


@DATASETS.register_module()
class LeakyDataset(CompressedVideoDataset):
    """Keeps 200 kB of each sample and opens a file with it."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        KEPT.append((bytearray(b'x' * 200_000), open('/dev/null')))  # noqa: SIM115
        return super().__getitem__(index)
