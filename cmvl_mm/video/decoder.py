"""Decoded frames of a file by display index: from its proven index, or compared with a full decode."""

from collections.abc import Iterator, Set

from av.video.frame import VideoFrame

from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.frame_faults import check_size
from cmvl_mm.video.known_frames import KnownFrames
from cmvl_mm.video.passes import Asked
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.regular_reader import RegularReader
from cmvl_mm.video.sound_pictures import sound_pictures


class FrameDecoder(KnownFrames):
    """Decodes one open video file; arguments are those of `KnownFrames`."""

    _pictures: list[tuple[int, bool]] | None = None

    def another(self) -> 'FrameDecoder':
        """Open the same video again, to be decoded at the same time; it reuses the known index.

        Raises:
            VideoError: stage ``open``, if it cannot be opened again, or the file was replaced.
        """
        reader = self.reader
        other = FrameDecoder(self._source)
        if not other._readers.are_of_the_file_of(self._readers):
            other.close()
            raise VideoError(self.path, 'open', 'the file has changed since it was opened', 'Open the video again')
        other._reader = other._readers.like(reader)
        return other

    def frames(self, rgb: Set[int], motion: Set[int], end: int | None = None) -> Iterator[Asked]:
        """Every frame wanted for its pixels, its vectors or both, by display index.

        Args:
            rgb: display indices of the frames wanted as pixels.
            motion: display indices of the frames wanted as vectors.
            end: a key frame after all wanted frames; see `RegularReader.frames`. None if not proven regular.
        """
        self._first.check_open()
        reader = self.reader
        if isinstance(reader, RegularReader):
            yield from reader.frames(rgb, motion, end)
            return
        for number, frame in reader.frames(sorted(rgb | motion)):
            check_size(self.path, number, frame, (self.height, self.width))
            yield Asked(number, frame, number in rgb, number in motion)

    def pictures_alone(self, wanted: Set[int]) -> Iterator[tuple[int, VideoFrame]]:
        """Every frame wanted for its pixels, in display order; a regular stream skips frames that are not needed.

        Raises:
            VideoError: as for `frames`, but damage to a frame that is not decoded goes unnoticed.
        """
        reader = self.reader
        if isinstance(reader, RegularReader):
            return reader.pictures_alone(wanted)
        return ((asked.number, asked.frame) for asked in self.frames(wanted, frozenset()) if asked.frame is not None)

    def packet_data(self) -> Iterator[bytes]:
        """All packets in decoding order, independent of other reads."""
        kept = self.reader.kept
        if kept is not None:
            yield from map(bytes, kept)
            return
        reader = self.new_reader()
        try:
            yield from map(bytes, reader.all_packets())
        finally:
            reader.close()

    def new_reader(self) -> StreamReader:
        """Another reader of the same file, because frames may still be coming out of the first."""
        return StreamReader(self._source)

    def pictures(self) -> list[tuple[int, bool]]:
        """FFmpeg's picture type of every frame, and whether it is a key frame: one full decode, at first use.

        Raises:
            VideoError: stage ``decode``, at the first frame that does not decode or that FFmpeg patched up.
        """
        if self._pictures is None:
            reader = self.reader
            if isinstance(reader, RegularReader):
                self._pictures = reader.pictures()
            else:
                self._pictures = sound_pictures(self.path, reader.truth, (self.height, self.width))
        return self._pictures
