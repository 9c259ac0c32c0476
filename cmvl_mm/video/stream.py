"""Frames, motion vectors and I-frames of a compressed video, by display index."""

import operator
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.batch import Batch
from cmvl_mm.video.container import CODECS_WITH_VECTORS
from cmvl_mm.video.directions import DirectedPainter, Directions, Normalise
from cmvl_mm.video.errors import FrameIndexError, SettingError, VideoError
from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.frames import Frames
from cmvl_mm.video.iteration import batches
from cmvl_mm.video.segment_reader import Wanted
from cmvl_mm.video.source import Video
from cmvl_mm.video.video_file import VideoFile

Indices = Sequence[int] | npt.NDArray[np.integer]


class CompressedVideo(VideoFile):
    """Random access to the frames and motion vectors of one video.

    ``len(video)`` is the number of its frames.  ``video[i]`` is the picture of frame i, uint8 (H, W, 3) RGB, and a
    slice gives (n, H, W, 3); as in any sequence, -1 is the last one.  Whoever needs more than one frame asks for them
    in one call: each call decodes from a key frame on.

    Args:
        video: the path of a regular file, in any container that FFmpeg reads; its bytes; or a binary file object that
            can seek, which stays open, is read from its first byte on, and must not change.
        block: edge of the motion grid's cells in pixels.  By default 16 where that loses nothing: for the MPEG-4 Part 2
            that cmvl prepare writes, MPEG-1 and H.261; else 8, which averages H.264's blocks of 8x4, 4x8 and 4x4 px.
        keep_index: write the index of a stream that must be decoded for it beside the file (``PATH.index.npz``).

    A plain decode from start to end defines the frames of a file: their number, order, types, key frames and vectors.
    Opening decodes nothing.  Files of cmvl prepare, and most H.264 in .mp4, .mov and Matroska, are proven by
    their headers to be regular, and are never decoded for their index.  All others are, at the first access, once in a
    process, which is logged with its cost; what is read of them is compared with that decode, frame by frame.

    Rotation metadata is applied to neither frames nor vectors: both stay in coded orientation.

    Raises:
        VideoError: stage ``open`` from the constructor, other stages from the properties and methods.
    """

    def __init__(self, video: Video, block: int | None = None, *, keep_index: bool = False) -> None:
        super().__init__(video, block, keep_index)
        self._facts = VectorFacts(self._decoder)

    def __getitem__(self, index: int | slice) -> npt.NDArray[np.uint8]:
        if isinstance(index, slice):
            return self.read(rgb=range(*index.indices(self.num_frames))).rgb
        number = operator.index(index)
        return self.read(rgb=[number + self.num_frames if number < 0 else number]).rgb[0]

    def verify(self) -> None:
        """Decode everything.

        Raises:
            VideoError: stage ``decode``, at the first frame that does not decode or that FFmpeg patched up.
        """
        self._decoder.pictures()

    def read(
        self,
        *,
        rgb: Indices = (),
        motion: Indices = (),
        directions: Directions = 'past',
        normalise: Normalise = None,
    ) -> Frames:
        """Frames and motion vectors by display index, from one pass over each GOP that is needed.

        Args:
            rgb: display indices of the frames wanted as pixels; any order, repeats allowed.
            motion: display indices of the frames wanted as vectors; likewise.
            directions: with 'both', ``future`` holds the vectors to pictures that are displayed later, and both fields
                tell the distance of their references where it can be known (docs/reader.md).
            normalise: 'per_frame' divides vectors by that distance; those that cannot be divided become invalid.

        Returns:
            `Frames`.  ``rgb``: uint8 (len(rgb), H, W, 3) of what FFmpeg's sequential decode gives, converted as
            docs/colours.md says.  ``motion``: the `MotionField` of len(motion) frames; a vector that FFmpeg does not
            really provide is invalid, and ``missing`` says why a frame has none (docs/vectors.md).

        Raises:
            FrameIndexError: for an index below 0 or past the last frame.
            VideoError: stage ``motion`` where no vectors of the codec are known to be right; stage ``decode`` where a
                wanted frame, or one that was displayed or decoded between its key frame and it, is damaged. Without
                time stamps, nothing is read behind damage. Vectors of what cmvl prepare wrote need their
                own packet alone.
        """
        if len(motion):
            self._check_vectors()
        self._check_directions(directions, normalise)
        rgb_rows, motion_rows = self._rows(rgb), self._rows(motion)
        frames = np.empty((len(rgb), self.height, self.width, 3), np.uint8)
        painter = DirectedPainter(self._facts, [*map(int, motion)], self.block, directions, normalise)
        for number, frame, for_rgb, for_motion in self._decoder.frames(rgb_rows.keys(), motion_rows.keys()):
            if frame is None:
                continue
            if for_rgb:
                if not number:
                    self._colour = self._pixels.colour(frame)
                first, *others = rgb_rows[number]
                self._pixels.write(frame, frames[first])
                for row in others:
                    frames[row] = frames[first]
            if for_motion:
                painter.add(motion_rows[number], number, frame)
        return Frames(frames, *painter.finish())

    def iterate(
        self,
        *,
        rgb: bool | Literal['keyframes'] = False,
        motion: bool = False,
        directions: Directions = 'past',
        normalise: Normalise = None,
        batch: int = 32,
        start: int = 0,
        stop: int | None = None,
        step: int = 1,
        workers: int = 1,
    ) -> Iterator[Batch]:
        """Batches in display order, of a video of any length: what `read` gives, bit for bit, in bounded memory.

        Args:
            rgb: whether pictures are wanted: of all frames, or of the key frames alone.
            motion: whether vectors are wanted.
            directions: as of `read`.
            normalise: likewise.
            batch: frames of every batch but the last.
            start: display index of the first frame.
            stop: display index behind the last one; None: the end of the video.
            step: distance of one frame to the next.
            workers: threads, each with a decoder and GOPs of its own. Only files that are proven regular are decoded by
                more than one (see ``proven_regular``): in others one frame may need any before it.

        Memory: one batch for the caller, one in the making for each worker, at most 64 MB that are ready before their
        turn, and the decoders. Pictures of long GOPs soon fill those 64 MB: then workers wait for each other.

        Other reads between two batches do no harm.

        Raises:
            SettingError: ``batch``, ``step`` or ``workers`` below 1, or nothing is asked for.
            FrameIndexError: ``start`` or ``stop`` below 0 or behind the end.
            VideoError: as from `read`, behind the last batch before the frame that it is about.
        """
        for name, value in (('batch', batch), ('step', step), ('workers', workers)):
            if operator.index(value) < 1:
                raise SettingError(self.path, 'decode', f'{name} is {value}', f'Give {name} of at least 1')
        if not (rgb or motion):
            raise SettingError(
                self.path, 'decode', 'nothing is asked for', 'Give rgb=True, rgb="keyframes" or motion=True'
            )
        if rgb not in (False, True, 'keyframes'):
            raise SettingError(self.path, 'decode', f'rgb is {rgb!r}', 'Give True, False or "keyframes"')
        if motion:
            self._check_vectors()
        self._check_directions(directions, normalise)
        end = self.num_frames if stop is None else operator.index(stop)
        for number in (start, end):
            if not 0 <= number <= self.num_frames:
                reason = f'frames {start} to {end} of a video of {self.num_frames} frames'
                raise FrameIndexError(self.path, 'index', reason, f'Give start and stop from 0 to {self.num_frames}')
        keyframes = frozenset(self.keyframes.tolist()) if rgb == 'keyframes' else None
        wanted = Wanted(bool(rgb), keyframes, motion, self.block, directions, normalise)
        if motion and workers > 1:
            self._facts.prepare(distances=directions == 'both' or normalise is not None)
        return batches(self._decoder, self._tags, wanted, range(start, end, step), batch, workers)

    def __iter__(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Picture by picture, (H, W, 3), in bounded memory."""
        for batch in self.iterate(rgb=True, batch=8):
            assert batch.rgb is not None
            yield from batch.rgb

    def _check_directions(self, directions: Directions, normalise: Normalise) -> None:
        if directions not in ('past', 'both'):
            raise SettingError(self.path, 'motion', f'directions is {directions!r}', 'Give "past" or "both"')
        if normalise not in (None, 'per_frame'):
            raise SettingError(self.path, 'motion', f'normalise is {normalise!r}', 'Give None or "per_frame"')

    def _check_vectors(self) -> None:
        if self.codec not in CODECS_WITH_VECTORS:
            reason = f'FFmpeg exports no motion vectors of {self.codec} that are known to be right'
            raise VideoError(self.path, 'motion', reason)

    def _rows(self, indices: Indices) -> dict[int, list[int]]:
        """Display index -> the rows of the result that ask for it."""
        rows: dict[int, list[int]] = {}
        num_frames = self.num_frames if len(indices) else 0
        for row, index in enumerate(indices):
            number = operator.index(index)
            if not 0 <= number < num_frames:
                raise FrameIndexError(self.path, 'index', f'frame {number} of a video of {num_frames} frames')
            rows.setdefault(number, []).append(row)
        return rows
