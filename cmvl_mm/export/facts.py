"""Facts that a user of an exported file needs, stored inside the file."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cmvl_mm.publishing.clips import Clips

from .network import ClipNetwork

KEY = 'cmvl_mm'
"""Key of the JSON text in an ONNX file's metadata; a .pt2 file has it as the extra file `cmvl_mm.json`."""


def facts_of(
    network: ClipNetwork,
    clips: Clips,
    *,
    name: str,
    sha256: str,
    batch: int | None,
    classes: Sequence[str] | None,
) -> dict[str, Any]:
    """The facts as plain data for JSON.

    Args:
        network: network to export.
        clips: clips that the network takes, and how they are sampled from a video.
        name: name of the network.
        sha256: SHA-256 of the file of weights.
        batch: clips per call; None allows any number.
        classes: names of the columns of `probabilities`.
    """
    normalised = network.recognizer.data_preprocessor
    return dict(
        name=name,
        weights_sha256=sha256,
        cmvl_mm=_own_version(),
        input=dict(
            name='clips',
            layout='N, 3, T, H, W',
            dtype='uint8',
            channels='RGB',
            shape=[batch or 'batch', 3, clips.clip_len, clips.size, clips.size],
        ),
        output=dict(name=network.output, dtype='float32'),
        clips=clips._asdict(),
        normalisation=dict(
            inside_the_file=True,
            mean=[float(f'{value:.6g}') for value in normalised.mean.flatten().tolist()],
            std=[float(f'{value:.6g}') for value in normalised.std.flatten().tolist()],
        ),
        classes=None if classes is None else list(classes),
    )


def _own_version() -> str:
    try:
        return version('cmvl_mm')
    except PackageNotFoundError:
        return 'unknown'
