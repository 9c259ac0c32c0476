"""A batch of frames, as `CompressedVideo.iterate` gives it, and how batches are joined."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.motion import MotionField
from cmvl_mm.video.residual import ResidualField


@dataclass(frozen=True, eq=False)
class Batch:
    """Consecutive frames in display order."""

    indices: npt.NDArray[np.int64]
    """(n,) display indices of the frames."""
    rgb: npt.NDArray[np.uint8] | None = None
    """(k, H, W, 3) RGB pictures; None if no pictures were requested."""
    rgb_indices: npt.NDArray[np.int64] | None = None
    """(k,) display indices of the pictures: ``indices``, or the key frames among them."""
    motion: MotionField | None = None
    """Vectors of all n frames; None if they were not requested."""
    future: MotionField | None = None
    """Vectors to the future, likewise."""
    residual: ResidualField | None = None
    """Residuals of all n frames, likewise; ``residual.approximate`` says whether they are exact."""

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays hold."""
        fields = [field for field in (self.motion, self.future) if field is not None]
        planes = [] if self.rgb is None else [self.rgb.nbytes]
        if self.residual is not None:
            fields.append(self.residual.motion)
            planes += [self.residual.y.nbytes, self.residual.u.nbytes, self.residual.v.nbytes]
        return sum(planes) + sum(field.vectors.nbytes + field.valid.nbytes for field in fields)

    def __repr__(self) -> str:
        shape = None if self.rgb is None else self.rgb.shape
        vectors = None if self.motion is None else self.motion.vectors.shape
        first, last = (self.indices[0], self.indices[-1]) if len(self.indices) else ('', '')
        residual = '' if self.residual is None else f', residual={self.residual.y.shape}'
        return f'Batch({first}..{last}, rgb={shape}, vectors={vectors}{residual})'


def joined(parts: Sequence[Batch]) -> Batch:
    """Join several batches into one, in their order."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    rgb = rgb_indices = None
    if first.rgb is not None:
        rgb = np.concatenate([part.rgb for part in parts if part.rgb is not None])
        rgb_indices = np.concatenate([part.rgb_indices for part in parts if part.rgb_indices is not None])
    motion, future = (_joined_fields([getattr(part, name) for part in parts]) for name in ('motion', 'future'))
    residual = _joined_residuals([part.residual for part in parts if part.residual is not None])
    return Batch(np.concatenate([part.indices for part in parts]), rgb, rgb_indices, motion, future, residual)


def _joined_residuals(parts: Sequence[ResidualField]) -> ResidualField | None:
    motion = _joined_fields([part.motion for part in parts])
    if motion is None:
        return None
    y, u, v = (np.concatenate([getattr(part, name) for part in parts]) for name in ('y', 'u', 'v'))
    return ResidualField(y, u, v, motion, parts[0].approximate)


def _joined_fields(parts: Sequence[MotionField | None]) -> MotionField | None:
    fields = [field for field in parts if field is not None]
    if not fields:
        return None
    return MotionField(
        vectors=np.concatenate([field.vectors for field in fields]),
        valid=np.concatenate([field.valid for field in fields]),
        block=fields[0].block,
        missing=tuple(reason for field in fields for reason in field.missing),
        distance=_joined_distances(fields),
    )


def _joined_distances(fields: Sequence[MotionField]) -> tuple[int | None, ...] | None:
    """The distances of all fields, or None: all parts of one read request them alike."""
    known = [field.distance for field in fields if field.distance is not None]
    return tuple(distance for part in known for distance in part) if known else None
