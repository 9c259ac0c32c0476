"""Export the network that a user names to an ONNX or .pt2 file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cmvl_mm import hub
from cmvl_mm.checkpoints.pretrained import classes_in, resolve_checkpoint
from cmvl_mm.export.errors import ExportError
from cmvl_mm.export.facts import facts_of
from cmvl_mm.export.network import ClipNetwork
from cmvl_mm.export.write import format_of, write_checked
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.publishing.clips import Clips, clips_of
from cmvl_mm.publishing.described import Described, describe


class Exported(NamedTuple):
    """The file that was written."""

    path: Path
    facts: dict[str, Any]
    """Facts as written in the file."""
    difference: float
    """Difference between file and network, see `write_checked`."""


def export_model(
    reference: str | Path,
    out: str | Path,
    *,
    size: int | None = None,
    frames: int | None = None,
    batch: int | None = None,
    config: str | Path | Mapping[str, Any] | None = None,
) -> Exported:
    """Write a network as one function of uint8 RGB clips, and check it against the network.

    Args:
        reference: a name of the zoo, a published folder, a work directory, or a file or address with `config`.
        out: path that ends in .onnx or .pt2.
        size: edge of the clips in pixels; None takes the edge of the network's test.
        frames: frames per clip; None takes the number of the network's test.
        batch: clips per call; None allows any number.
        config: as for `hub.load`.

    Raises:
        ExportError: the format or a size is unknown, or the file computes something else than the network.
        ValueError, FileNotFoundError, …: as for `hub.load`.
    """
    out = Path(out)
    format_of(out)  # check the format before anything is loaded
    for name, value in (('size', size), ('frames', frames), ('batch', batch)):
        if value is not None and value < 1:
            raise ExportError(f'{name}={value} must be at least 1. Remedy: omit this option to use the default.')
    known = describe(reference, config)
    clips = _clips(known, size, frames)
    model = hub.load(reference, config=config)
    weights = resolve_checkpoint(known.weights)
    network = ClipNetwork(model)
    classes = (known.classes or classes_in(weights)) if network.output == 'probabilities' else None
    facts = facts_of(network, clips, name=known.name, sha256=sha256_of(weights), batch=batch, classes=classes)
    out.parent.mkdir(parents=True, exist_ok=True)
    return Exported(out, facts, write_checked(network, out, facts))


def _clips(known: Described, size: int | None, frames: int | None) -> Clips:
    """Clips as in the network's test, with the sizes that the user sets."""
    if known.pipeline is None:
        if size is None or frames is None:
            raise ExportError(f'{known.name}: its config does not define the clips. Remedy: pass size and frames.')
        return Clips(clip_len=frames, frame_interval=1, num_clips=1, size=size, resize_short=round(size * 8 / 7))
    clips = clips_of(known.pipeline, known.name)
    if size is not None:
        clips = clips._replace(size=size, resize_short=round(size * clips.resize_short / clips.size))
    return clips if frames is None else clips._replace(clip_len=frames)
