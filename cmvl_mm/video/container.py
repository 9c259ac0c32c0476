"""Opens a video file and reads its packets; what FFmpeg would conceal is reported here."""

import os
import stat
from collections.abc import Iterator
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from cmvl_mm.video.choice import first_that_sends, video_streams
from cmvl_mm.video.decoder_options import LARGEST, MAX_SIDE, configure
from cmvl_mm.video.errors import NO_SUCH_FILE, VideoError
from cmvl_mm.video.pyav import open_file
from cmvl_mm.video.reporting import reporting
from cmvl_mm.video.source import Source, as_source

FORMATS = (
    'apng,asf,av1,avi,dirac,dnxhd,dv,evc,flv,gif,gxf,h261,h263,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mpeg,mpegts,'
    'mpegvideo,mxf,nsv,nut,obu,ogg,rm,vc1,vc1test,vvc,wtv,yuv4mpegpipe'
)
"""Demuxers, by FFmpeg's names, of containers and raw streams that hold their frames themselves."""


Opened = tuple[InputContainer, VideoStream]
"""An open container, and its stream that is the video."""


def open_video(video: str | Source) -> Opened:
    """Open the container and its video stream, whose decoder is set up for pixels.

    The video is the first stream, in file order, that sends packets and is not cover art.

    Args:
        video: the path of a regular file, or another source.

    Raises:
        VideoError: stage ``open``, for anything but a regular file that holds video of an accepted size.
    """
    source = as_source(video)
    path = source.name
    with reporting(path, 'open'):
        _check_file(source)
        container = _open(source)
        try:
            streams = video_streams(path, container)
            stream = streams[0]
            if len(streams) > 1 and not stream.index_entries:
                index = first_that_sends(container, streams).index
                container.close()
                container = _open(source)
                stream = next(stream for stream in container.streams.video if stream.index == index)
            return container, _prepare(path, stream)
        except BaseException:
            container.close()
            raise


def _open(source: Source) -> InputContainer:
    try:
        # White lists: a playlist is refused, because it would open other files than the one that was given.
        # LARGEST applies here, too, because opening decodes some frames.
        options = {'protocol_whitelist': 'file', 'format_whitelist': FORMATS, **LARGEST}
        return open_file(source.for_pyav(), options)
    except av.ArgumentError as error:
        raise VideoError(
            source.name,
            'open',
            f'Error: the container is not one of the accepted formats ({FORMATS.replace(",", ", ")})',
            'Remux it, for example with "ffmpeg -i IN -c copy OUT.mkv"',
        ) from error


def _check_file(source: Source) -> None:
    path = source.path
    if path is None:
        with source.open() as file:
            if not file.read(1):
                raise VideoError(source.name, 'open', 'the data is empty', 'Pass the whole content of a video file')
        return
    if not os.path.exists(path):
        raise VideoError(path, 'open', NO_SUCH_FILE, 'Check that the path is a video file that plays')
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        raise VideoError(path, 'open', 'this is a folder', 'Give the path of a video in it')
    if not stat.S_ISREG(status.st_mode):  # opening a FIFO would block forever
        raise VideoError(path, 'open', 'this is not a regular file')
    if not status.st_size:
        raise VideoError(path, 'open', 'the file is empty')


def _prepare(path: str, stream: VideoStream) -> VideoStream:
    context = stream.codec_context
    if min(context.width, context.height) < 1:  # FFmpeg rejected the size that it found
        raise VideoError(path, 'open', f'the headers state no frame size, or one above {MAX_SIDE}x{MAX_SIDE} px')
    if max(context.width, context.height) > MAX_SIDE:
        size = f'{context.width}x{context.height}'
        raise VideoError(path, 'open', f'the header states {size} px; each side must be 1 to {MAX_SIDE} px')
    configure(context, 'pixels')
    return stream


def packets_with_data(container: InputContainer, stream: VideoStream) -> Iterator[Any]:
    """Packets in decoding order, without empty ones: AVI marks dropped frames with them, PyAV the end of the stream."""
    packets = container.demux(stream)
    try:
        for packet in packets:
            if packet.size:
                yield packet
    finally:
        packets.close()  # type: ignore[attr-defined]  # close the generator: garbage collection leaks some 300 bytes


def all_packets(path: str, container: InputContainer, stream: VideoStream) -> Iterator[Any]:
    """All packets of a file that was just opened, from first to last.

    Raises:
        VideoError: stage ``index``, if the table of an .mp4 file lists more packets: the file was truncated.
    """
    count = 0
    for packet in packets_with_data(container, stream):
        yield packet
        count += 1
    listed = sum(entry.size > 0 for entry in stream.index_entries)
    if 'mp4' in container.format.name and count < listed:
        raise VideoError(path, 'index', f'the file is cut off: its table lists {listed} frames, but it has {count}')
