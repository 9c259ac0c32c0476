"""Which of a file's video streams is the video."""

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from cmvl_mm.video.errors import VideoError

_STILL = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_SEQUENCES = {'avis', 'msf1', 'hevc', 'hevx'}  # brands of AVIF and HEIF files with a track besides a still image
_LOOKED_AT = 4096  # packets: a stream without one among these is taken to send none


def video_streams(path: str, container: InputContainer) -> list[VideoStream]:
    """The streams that may be the video, in file order: those with a decoder, without cover art and without the still
    image that accompanies an AVIF or HEIF animation.

    Raises:
        VideoError: stage ``open``, if there is no such stream.
    """
    streams = list(container.streams.video)
    if not streams:
        raise VideoError(path, 'open', 'there is no video stream in this file')
    moving = [stream for stream in streams if not stream.disposition & _STILL]
    if not moving:
        raise VideoError(path, 'open', 'the file has cover art, but no video')
    if container.metadata.get('major_brand') in _SEQUENCES:
        moving = [stream for stream in moving if len(stream.index_entries) > 1] or moving
    decodable = [stream for stream in moving if stream.codec_context is not None]
    if not decodable:
        raise VideoError(
            path, 'open', 'there is no decoder for this video stream', 'Convert the file with a program that plays it'
        )
    return decodable


def first_that_sends(container: InputContainer, streams: list[VideoStream]) -> VideoStream:
    """The first stream, in file order, that holds packets; the first of all if none does.

    May read from the container: reopen it before decoding, unless the first stream's table lists packets.
    """
    silent = {stream.index for stream in streams}
    for number, packet in enumerate(container.demux(streams)):
        if packet.size:
            silent.discard(packet.stream_index)
        if streams[0].index not in silent or number >= _LOOKED_AT:
            break
    return next((stream for stream in streams if stream.index not in silent), streams[0])
