"""The index of a stream whose headers prove the order of its frames, without decoding."""

from cmvl_mm.video.decoder_options import codec_name
from cmvl_mm.video.errors import NO_FRAMES, VideoError
from cmvl_mm.video.index import PacketIndex, index_of_regular, index_of_sealed
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.regular import H264_CONTAINERS, H264Proof, NotRegular
from cmvl_mm.video.seal import seal_in


def find_regular_index(reader: StreamReader) -> tuple[PacketIndex | None, str]:
    """The index of a stream that is proven regular, or the reason why it is not.

    Args:
        reader: reader of the file; H.264 is read from its start.

    Raises:
        VideoError: stage ``index``, if the stream holds no frames.
    """
    codec, container = codec_name(reader.stream), reader.container.format.name
    if codec == 'mpeg4' and container in H264_CONTAINERS:
        with reader.source.open() as file:
            seal = seal_in(file)
        index = None if seal is None else index_of_sealed(reader.stream, seal)
        return index, 'it is not an unchanged file from cmvl prepare'
    if codec != 'h264' or container not in H264_CONTAINERS:
        return None, f'{codec} in {container}'
    reader.rewind()
    try:
        proof = H264Proof(reader.stream.codec_context.extradata)
        packets = [
            (packet.pts, packet.pts if packet.dts is None else packet.dts, packet.is_keyframe)
            for packet in proof.follow(reader.all_packets())
        ]
        proof.finish()
    except NotRegular as error:
        return None, str(error)
    if not packets:
        raise VideoError(reader.path, 'index', 'the video stream has no frames', NO_FRAMES)
    return index_of_regular(packets, proof.references, proof.has_b_frames), ''
