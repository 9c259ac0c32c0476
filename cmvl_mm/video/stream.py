"""Frames, motion vectors and I-frames of a compressed video, by display index."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.asked import Indices, count_of, numbers_of, rows_of
from cmvl_mm.video.batch import Batch
from cmvl_mm.video.checks import SettingFault, about, whole
from cmvl_mm.video.directions import DirectedPainter, Directions, Normalise
from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.frames import Frames
from cmvl_mm.video.iteration import batches
from cmvl_mm.video.residual import Bits
from cmvl_mm.video.residual_plan import can_be_exact, plan_residuals
from cmvl_mm.video.segment_reader import Wanted
from cmvl_mm.video.settings import check_bits, check_codec, check_directions, check_kinds, frames_between
from cmvl_mm.video.source import Video
from cmvl_mm.video.video_file import VideoFile


class CompressedVideo(VideoFile):
    """Random access to the frames and motion vectors of one video.

    ``len(video)`` is the number of its frames.  ``video[i]`` is the picture of frame i, uint8 (H, W, 3) RGB, and a
    slice gives (n, H, W, 3); as in any sequence, -1 is the last frame.  To read several frames, request them in one
    call: each call starts decoding at a key frame.

    Args:
        video: the path of a regular file, in any container that FFmpeg reads; its bytes; or a seekable binary file
            object, which stays open, is read from its first byte, and must not change.
        block: edge of the motion grid's cells in pixels.  The default is 16 where that loses nothing (files from
            cmvl prepare, MPEG-1 and H.261), else 8, which averages H.264's blocks of 8x4, 4x8 and 4x4 px.
        keep_index: if the stream must be decoded for its index, write the index next to the file (``PATH.index.npz``).

    A plain decode from start to end defines the frames of a file: their number, order, types, key frames and vectors.
    Opening decodes nothing.  The headers of files from cmvl prepare, and of most H.264 in .mp4, .mov and Matroska,
    prove them regular; they are never decoded for their index.  Any other file is decoded for its index at the first
    access, once per process, and the cost is logged; later reads are compared with that decode, frame by frame.

    Rotation metadata is applied to neither frames nor vectors: both stay in coded orientation.

    Raises:
        VideoError: the constructor raises stage ``open``, the properties and methods other stages.
    """

    def __init__(self, video: Video, block: int | None = None, *, keep_index: bool = False) -> None:
        super().__init__(video, block, keep_index)
        self._facts = VectorFacts(self._decoder)

    def __getitem__(self, index: int | slice) -> npt.NDArray[np.uint8]:
        try:
            if isinstance(index, slice):
                return self.read(rgb=numbers_of(index, self.num_frames)).rgb
            number = whole('a frame', index)
        except SettingFault as fault:  # as any sequence raises
            remedy = 'Give a whole number or a slice; read(rgb=...) takes lists and arrays'
            raise TypeError(f'{self.path}: index: {fault.reason}. {remedy}.') from None
        is_from_the_end = -self.num_frames <= number < 0
        return self.read(rgb=[number + self.num_frames if is_from_the_end else number]).rgb[0]

    def verify(self) -> None:
        """Decode the whole video to check it.

        Raises:
            VideoError: stage ``decode``, at the first frame that does not decode or that FFmpeg patched up.
        """
        self._decoder.pictures()

    @property
    def has_exact_residuals(self) -> bool:
        """Whether a frame's packet alone gives its residual; if not, `read_residuals` estimates it."""
        return can_be_exact(self._decoder, self._facts)

    def read(
        self,
        *,
        rgb: Indices = (),
        motion: Indices = (),
        directions: Directions = 'past',
        normalise: Normalise = None,
    ) -> Frames:
        """Read frames and motion vectors by display index, in one pass over each GOP that is needed.

        Args:
            rgb: display indices of the frames wanted as pixels; any order, repeats allowed.
            motion: display indices of the frames wanted as vectors; any order, repeats allowed.
            directions: with 'both', ``future`` holds the vectors to pictures that are displayed later, and both fields
                give the distance of their references where it can be known (docs/reader.md).
            normalise: 'per_frame' divides vectors by that distance; vectors without a distance become invalid.

        Returns:
            `Frames`.  ``rgb``: uint8 (len(rgb), H, W, 3) from FFmpeg's sequential decode, converted as docs/colours.md
            says.  ``motion``: the `MotionField` of len(motion) frames; a vector that FFmpeg does not really provide is
            invalid, and ``missing`` says why a frame has none (docs/vectors.md).

        Raises:
            SettingError: ``rgb`` or ``motion`` is not a sequence of whole numbers.
            FrameIndexError: for an index below 0 or past the last frame.
            VideoError: stage ``motion`` if no vectors of the codec are known to be right; stage ``decode`` if a wanted
                frame is damaged, or one displayed or decoded between its key frame and it. Without time stamps, nothing
                after damage can be read. For vectors of files from cmvl prepare, only the frame's own packet counts.
        """
        if count_of(self.path, motion):
            check_codec(self.path, self.codec)
        with about(self.path, 'motion'):
            check_directions(directions, normalise)
        rgb_rows, motion_rows = rows_of(self._decoder, rgb), rows_of(self._decoder, motion)
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
        residual: bool = False,
        directions: Directions = 'past',
        normalise: Normalise = None,
        bits: Bits = 16,
        batch: int = 32,
        start: int = 0,
        stop: int | None = None,
        step: int = 1,
        workers: int = 1,
    ) -> Iterator[Batch]:
        """Iterate over batches in display order, for a video of any length: the results of `read`, in bounded memory.

        Args:
            rgb: whether pictures are wanted: True for all frames, 'keyframes' for the key frames only.
            motion: whether vectors are wanted.
            residual: whether residuals are wanted, with vectors of their own: the result of `read_residuals`.
            directions: directions of the vectors, as in `read`.
            normalise: normalisation of the vectors, as in `read`.
            bits: bits of a residual sample, as in `read_residuals`.
            batch: number of frames in every batch but the last.
            start: display index of the first frame.
            stop: display index after the last frame; None: the end of the video.
            step: distance from one frame to the next.
            workers: number of threads, each with its own decoder and GOPs. More than one are only used for files that
                are proven regular (see ``proven_regular``), because in others a frame may need any before it.

        Memory: one batch for the caller, one in progress for each worker, the decoders, and at most 64 MB of results
        that wait for their turn. These come from at most as many segments (a GOP, or several up to some 64 frames) as
        there are workers. Pictures of long GOPs soon fill those 64 MB: then workers wait for each other.

        Other reads between two batches are allowed.

        Raises:
            SettingError: ``batch``, ``step`` or ``workers`` is below 1, or nothing is requested; and as for
                `read_residuals`.
            FrameIndexError: ``start`` or ``stop`` is below 0 or past the end.
            VideoError: as for `read` and `read_residuals`, after the last batch before the frame that causes it.
        """
        with about(self.path, 'decode'):
            batch, step, workers = (
                whole(name, value, least=1) for name, value in (('batch', batch), ('step', step), ('workers', workers))
            )
            check_kinds(rgb=rgb, motion=motion, residual=residual)
            check_bits(bits)
        with about(self.path, 'motion'):
            check_directions(directions, normalise)
        if motion:
            check_codec(self.path, self.codec)
        numbers = frames_between(self.path, self.num_frames, start, stop, step)
        plan = plan_residuals(self._decoder, self._facts, self.block, bits) if residual else None
        keyframes = frozenset(self.keyframes.tolist()) if rgb == 'keyframes' else None
        wanted = Wanted(bool(rgb), keyframes, motion, self.block, directions, normalise, plan)
        if (motion or residual) and workers > 1:
            self._facts.prepare(distances=directions == 'both' or normalise is not None)
        return batches(self._decoder, self._tags, wanted, numbers, batch, workers)

    def __iter__(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Iterate over the pictures, (H, W, 3), in bounded memory."""
        for batch in self.iterate(rgb=True, batch=8):
            assert batch.rgb is not None
            yield from batch.rgb
