"""The frames of a video to be prepared: undamaged, of one size, in order, with the times to keep."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from av.video.frame import VideoFrame

from cmvl_mm.video.colour import container_tags
from cmvl_mm.video.colour_reader import ColourReader
from cmvl_mm.video.container import all_packets, open_video
from cmvl_mm.video.decoder_options import codec_name
from cmvl_mm.video.display import Orientation, orientation_of
from cmvl_mm.video.errors import NO_FRAMES, VideoError
from cmvl_mm.video.pyav import fraction
from cmvl_mm.video.strict_decoding import DecodedFrame, decode_strictly
from cmvl_mm.video.times import choose_clock, usable


class StampsDisagree(VideoError):
    """A decoded frame has another time stamp than its packet announced, or none was announced for it."""


def stamps_by_packets(path: str) -> Sequence[int] | None:
    """Time stamps of all frames in display order, if possible without decoding; None if the container gives none."""
    container, stream = open_video(path)
    with container:
        # AVI stores no presentation stamps: with B-frames, FFmpeg's guess is often wrong.
        guessed = container.format.name == 'avi' and stream.codec_context.has_b_frames
        packets = all_packets(path, container, stream)
        stamps = sorted(packet.pts for packet in packets if packet.pts is not None and not packet.is_discard)
    if guessed or not stamps:
        return None
    # Packets may share a time stamp although their frames do not.
    return usable(stamps) or stamps_by_decoding(path)


def stamps_by_decoding(path: str) -> Sequence[int] | None:
    """The same time stamps from a sequential decode."""
    container, stream = open_video(path)
    with container:
        decoded = decode_strictly(path, stream, all_packets(path, container, stream))
        return usable([item.frame.pts for item in decoded])


class SourceFrames:
    """One pass over a file; use it as a context manager.

    Args:
        path: path of the video.
        stamps: time stamps of its frames in display order; None if they are unknown.

    Raises:
        VideoError: the file cannot be opened, its first frame is damaged, or its orientation is not one of the eight.
    """

    def __init__(self, path: str, stamps: Sequence[int] | None) -> None:
        self.path = path
        self._stamps = stamps
        self._container, stream = open_video(path)
        try:
            self._colours = ColourReader(path, container_tags(stream), codec_name(stream))
            stated = fraction(stream.average_rate or stream.guessed_rate)
            self.clock = choose_clock(stamps, fraction(stream.time_base), stated)
            """When each frame is shown."""
            if pause := self.clock.too_long_pause:
                reason = f'the video stands still for {pause:.0f} s, longer than can be written'
                raise VideoError(path, 'encode', reason, 'Cut the video at this pause')
            decoded = decode_strictly(path, stream, all_packets(path, self._container, stream))
            first = next(decoded, None)
            if first is None:
                raise VideoError(path, 'encode', 'there are no frames to write', NO_FRAMES)
            self._first, self._rest = first, decoded
            self.width, self.height = first.frame.width, first.frame.height
            self.orientation = self._orientation(0, first.frame)
            # The container's value counts, as in players; otherwise the stream's.
            self.pixel_shape = fraction(stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio)
            """Width : height of a coded pixel; None if nothing states it."""
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._container.close()

    def frames(self) -> Iterator[VideoFrame]:
        """Every frame once, prepared for swscale.

        Raises:
            StampsDisagree: the time stamps do not match the frames.
            VideoError: stage ``decode``, if a frame is damaged, or its size or orientation differs from the first
                frame's.
        """
        count = 0
        for item in self._all():
            frame = item.frame
            if item.damaged:
                raise VideoError(self.path, 'decode', f'frame {count} is damaged; FFmpeg patched it up')
            self._check_shape(count, frame)
            if self._stamps is not None and (count == len(self._stamps) or frame.pts != self._stamps[count]):
                raise StampsDisagree(self.path, 'index', f'frame {count} has another time stamp than its packet')
            yield self._colours.ready(frame)
            count += 1
        if self._stamps is not None and count < len(self._stamps):
            raise StampsDisagree(self.path, 'index', f'{count} frames came out of {len(self._stamps)} packets')

    def _all(self) -> Iterable[DecodedFrame]:
        yield self._first
        yield from self._rest

    def _check_shape(self, number: int, frame: VideoFrame) -> None:
        if (frame.width, frame.height) != (self.width, self.height):
            raise VideoError(
                self.path,
                'decode',
                f'frame {number} is {frame.width}x{frame.height} px, the first is {self.width}x{self.height}',
                'Scale the video to one size with another program first, or cut it where its size changes',
            )
        if self._orientation(number, frame) != self.orientation:
            raise VideoError(
                self.path,
                'decode',
                f'frame {number} has another orientation than the first',
                'Cut the video where its orientation changes',
            )

    def _orientation(self, number: int, frame: VideoFrame) -> Orientation:
        try:
            return orientation_of(frame)
        except ValueError as error:
            raise VideoError(
                self.path,
                'encode',
                f'frame {number}: {error}',
                'Turn the picture upright with another program first, or leave the video out of the list',
            ) from error
