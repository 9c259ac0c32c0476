"""One open container and its decoder: frames from a key frame on, or from the start of the file."""

from collections.abc import Iterator
from typing import Any

from av import FFmpegError

from cmvl_mm.video.container import (
    DecodedFrame,
    Decoding,
    all_packets,
    decode_strictly,
    open_video,
    packets_with_data,
)
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.index import Start


class StreamReader:
    """The first video stream of a file.

    Args:
        path: of the file.
        decoding: 'pixels' decodes frames in full; 'vectors' leaves out what only pixels need, see `open_video`.
    """

    def __init__(self, path: str, decoding: Decoding) -> None:
        self.path = path
        self.decoding: Decoding = decoding
        self.container, self.stream = open_video(path, decoding)
        self.next_position = 0
        """Of the packet to feed next, in decoding order."""
        self._open = True
        self._at_start = True  # nothing was read from the container yet
        self._met_damage = False  # a flush leaves parameter sets and headers as damage may have set them

    def close(self) -> None:
        self.container.close()
        self._open = False

    def check_open(self) -> None:
        if not self._open:
            raise VideoError(self.path, 'open', 'the video was closed before this read')

    def rewind(self) -> None:
        """Open the file anew, unless it is new: not every container can seek to its start."""
        self.check_open()
        if not self._at_start:
            self.container.close()
            self.container, self.stream = open_video(self.path, self.decoding)
        self._at_start = False  # it is about to be read
        self._met_damage = False

    def decode_all(self) -> Iterator[DecodedFrame]:
        """Every frame of the file, in display order."""
        self.rewind()
        return self._decode(all_packets(self.path, self.container, self.stream))

    def decode_from(self, start: Start) -> Iterator[DecodedFrame]:
        """Frames in display order from a key frame on; in an open GOP some come that belong before it.

        A decoder that met damage is left behind: seeking would only flush it.
        """
        if self._met_damage:
            self.rewind()
        return self._decode(self._packets_from(start))

    def _decode(self, packets: Iterator[Any]) -> Iterator[DecodedFrame]:
        try:
            for decoded in decode_strictly(self.path, self.stream, packets):
                if decoded.damaged:
                    self._met_damage = True
                yield decoded
        except VideoError:
            self._met_damage = True
            raise

    def _packets_from(self, start: Start) -> Iterator[Any]:
        """Packets from a key frame on, wherever the container's own seek lands."""
        self.next_position = start.position
        for target in (start.pts, start.dts, None):
            if not self._seek(target):
                continue
            found = False
            for packet in packets_with_data(self.container, self.stream):
                found = found or (packet.pts == start.pts and packet.is_keyframe)
                if found:
                    self.next_position += 1
                    yield packet
                elif target is not None and (packet.dts is None or packet.dts > start.dts):
                    break  # landed after the key frame
            if found:
                return
        raise VideoError(self.path, 'decode', f'key frame {start.first} is in the index, but not in the file')

    def _seek(self, target: int | None) -> bool:
        """Go near a time stamp, or to the start of the file; False where the container cannot."""
        self.check_open()
        if target is None:
            self.rewind()
            return True
        self._at_start = False
        try:
            self.container.seek(target, stream=self.stream)
        except FFmpegError:
            return False
        return True
