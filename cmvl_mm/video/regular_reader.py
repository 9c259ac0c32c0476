"""Frames of a stream that is proven regular: as few packets as possible, never a frame in the wrong place."""

from collections.abc import Iterator, Sequence, Set
from itertools import groupby
from typing import Any

import numpy as np
from av.video.frame import VideoFrame

from cmvl_mm.video.decoder_options import CHEAPER_FOR_VECTORS, Decoding, codec_name
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.frame_faults import check_size, damaged
from cmvl_mm.video.index import PacketIndex
from cmvl_mm.video.passes import Asked, Pass, plan_passes
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.regular_run import RegularRun
from cmvl_mm.video.second_decoders import has_lone_vectors


class RegularReader:
    """Reads one open video file.

    The first read decides whether the reader decodes pixels or only vectors; a second reader is opened for the other
    purpose when that first pays.

    Args:
        first: reader of the file.
        index: index of its stream.
    """

    def __init__(self, first: StreamReader, index: PacketIndex) -> None:
        self.path = first.path
        self.index = index
        self._first = first
        self._second: StreamReader | None = None
        context = first.stream.codec_context
        self.size = context.height, context.width
        self.codec = codec_name(first.stream)
        self._has_lone_vectors = index.from_header and has_lone_vectors(first.stream)

    def close(self) -> None:
        self._first.close()
        if self._second is not None:
            self._second.close()

    @property
    def kept(self) -> list[Any] | None:
        """All packets of the file in decoding order, if it is small and they were read; else None."""
        return self._first.kept

    def frames(self, rgb: Set[int], motion: Set[int], end: int | None = None) -> Iterator[Asked]:
        """Every frame wanted for its pixels, its vectors or both.

        Args:
            rgb: display indices of the frames wanted as pixels.
            motion: display indices of the frames wanted as vectors.
            end: display index of a key frame after all wanted frames: decode as if the file ended before it, which does
                not affect them. None: the decoder is fed until the last wanted frame comes out.
        """
        if self.codec not in CHEAPER_FOR_VECTORS or self._has_lone_vectors:
            passes = [Pass('pixels', frozenset(rgb), frozenset(motion))]
        else:
            passes = plan_passes(self.index, rgb, motion)
        for each in passes:
            for number, frame in self._by_stamps(
                self._reader(each.decoding), sorted(each.rgb | each.motion), each.rgb, end=end
            ):
                yield Asked(number, frame, number in each.rgb, number in each.motion)

    def pictures_alone(self, wanted: Set[int]) -> Iterator[tuple[int, VideoFrame]]:
        """The wanted frames in display order, for their pixels.

        Pictures from which no other is predicted are only decoded if they are wanted; damage to the others is then not
        noticed, and does not affect the result.
        """
        references, position = self.index.references, self.index.position
        spared: frozenset[int] = frozenset()
        if references is not None:
            spared = frozenset(np.flatnonzero(~references[position]).tolist()) - wanted
        reader = self._reader('pixels')
        reader.left_out = frozenset(position[list(spared)].tolist())
        try:
            for number, frame in self._by_stamps(reader, sorted(wanted), wanted, spared):
                assert frame is not None
                yield number, frame
        finally:
            reader.left_out = frozenset()
            reader.start_anew()

    def pictures(self) -> list[tuple[int, bool]]:
        """FFmpeg's picture type of every frame, and whether it is a key frame: one full decode.

        Raises:
            VideoError: stage ``decode``, at the first frame that does not decode or that FFmpeg patched up.
        """
        pictures = []
        for number, (frame, is_damaged) in enumerate(self._reader('pixels').decode_all()):
            if is_damaged:
                raise damaged(self.path, number)
            check_size(self.path, number, frame, self.size)
            pictures.append((int(frame.pict_type), bool(frame.key_frame)))
        if len(pictures) != self.index.num_frames:
            reason = f'{self.index.num_frames} packets have data, but the decoder returned {len(pictures)} frames'
            raise VideoError(self.path, 'decode', reason)
        return pictures

    def _reader(self, decoding: Decoding) -> StreamReader:
        if self._first.decoding is None:
            self._first.decide(decoding)
        if self._first.decoding == decoding:
            return self._first
        if self._second is None:
            self._first.check_open()
            self._second = StreamReader(self._first.source)
            self._second.decide(decoding)
        return self._second

    def _by_stamps(
        self,
        reader: StreamReader,
        wanted: Sequence[int],
        rgb: Set[int],
        spared: Set[int] = frozenset(),
        end: int | None = None,
    ) -> Iterator[tuple[int, VideoFrame | None]]:
        alone = self._decodable_alone(wanted, rgb)
        together = frozenset(wanted) - alone
        reader.start_anew()
        run: RegularRun | None = None
        for number in wanted:
            start = self.index.start_of(number)
            if number in alone:
                run = None
                frames = reader.decode_vectors(start, int(self.index.position[number]))
                if frames is None:
                    yield number, None
                else:
                    if len(frames) != 1 or frames[0].pts != self.index.stamps[number] or frames[0].is_corrupt:
                        raise damaged(self.path, number)
                    check_size(self.path, number, frames[0], self.size)
                    yield number, frames[0]
                continue
            # A key frame that was fed already, or comes next, needs no seek.
            if run is None or start.position > reader.next_position:
                run = RegularRun(reader, self.index, start, together, spared, end)
            try:
                frame = self._advance(run, number)
            except VideoError:
                if start == run.start:
                    raise
                # Damage before this frame's key frame does not affect it, but a decoder that met damage is not used
                # again.
                run = RegularRun(reader, self.index, start, together, spared, end)
                frame = self._advance(run, number)
            yield number, frame

    def _advance(self, run: RegularRun, number: int) -> VideoFrame:
        frame = run.advance(number)
        check_size(self.path, number, frame, self.size)
        return frame

    def _decodable_alone(self, wanted: Sequence[int], rgb: Set[int]) -> Set[int]:
        """Frames whose vectors need only one packet: no pixels are wanted of them or after them in their GOP.

        Neither content nor damage of the frames before such a frame matters.
        """
        if not self._has_lone_vectors:
            return frozenset()
        alone: set[int] = set()
        for _, group in groupby(wanted, key=self.index.first_of_gop.__getitem__):
            numbers = list(group)
            last = max([number for number in numbers if number in rgb], default=-1)
            alone.update([number for number in numbers if number > last])
        return alone
