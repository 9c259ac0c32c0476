"""PyAV's encoder of MPEG-4 Part 2, with a fixed group of pictures."""

from collections.abc import Iterable
from fractions import Fraction

import av
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame

from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.profile import MAX_SIDE
from cmvl_mm.video.reporting import reporting
from cmvl_mm.video.times import Clock

GOP = 12  # frames from one I-frame to the next, as in CoViAR and the paper
_NO_LIMIT = 1_000_000_000  # bit/s: with a constant quantiser, rate control has no effect


def check_size(width: int, height: int, blame: str, remedy: str) -> None:
    """Raises VideoError for sides that MPEG-4 Part 2 cannot store."""
    if max(width, height) > MAX_SIDE:
        reason = f'{width}x{height} px is too large: MPEG-4 Part 2 allows sides of at most {MAX_SIDE} px'
        raise VideoError(blame, 'encode', reason, remedy)


def encode_images(
    images: Iterable[VideoFrame],
    path: str,
    *,
    clock: Clock,
    quantiser: int,
    blame: str,
    pixel_shape: Fraction = Fraction(1),
) -> int:
    """Write the images, each at its tick, and return their number; errors name the file ``blame``."""
    count = 0
    with reporting(blame, 'encode'), av.open(f'file:{path}', 'w', format='mp4') as container:
        stream = container.add_stream('mpeg4', rate=clock.rate)
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {
            'g': str(GOP),
            'bf': '0',
            'sc_threshold': '1000000000',  # otherwise the encoder adds I-frames at cuts
            'qmin': str(quantiser),
            'qmax': str(quantiser),
            'b': str(_NO_LIMIT),
        }
        for image in images:
            if not count:
                check_size(image.width, image.height, blame, 'Write smaller frames')
                stream.width, stream.height = image.width, image.height
                if pixel_shape != 1:
                    stream.codec_context.sample_aspect_ratio = pixel_shape
            image.pts = clock.tick(count)
            image.time_base = 1 / clock.rate
            image.pict_type = PictureType.NONE  # otherwise the decoded frame's type would be forced on the encoder
            container.mux(_timed(stream.encode(image), clock))
            count += 1
        if not count:
            raise VideoError(blame, 'encode', 'there are no frames to write')
        container.mux(_timed(stream.encode(), clock))
    return count


def _timed(packets: list[Packet], clock: Clock) -> list[Packet]:
    """Set the duration of the last packet: the muxer takes the others from the time stamps."""
    for packet in packets:
        if clock.ticks is not None:
            packet.duration = clock.last_duration
    return packets
