"""Which headers must be read before a stream's motion vectors can be used, by codec."""

from collections.abc import Iterable

from cmvl_mm.bitstream import mpeg2_headers
from cmvl_mm.bitstream.claims import UNKNOWN, Claim, Claims
from cmvl_mm.bitstream.h264_claims import ClaimReader, is_plain, sequence_headers


def need_tables(codec: str, extradata: bytes | None) -> bool:
    """Whether records can only be used together with FFmpeg's table of macroblocks.

    This holds if macroblocks may be predicted from fields, and for WMV2, whose intra blocks have records of zeros.
    """
    return codec == 'wmv2' or _may_be_interlaced(codec, extradata)


def need_headers(codec: str, extradata: bytes | None) -> bool:
    """Whether the validity of vectors depends on more than a frame's type and its records."""
    if codec == 'h264':
        headers = sequence_headers(extradata)
        return headers is None or not all(is_plain(sps) for sps in headers)
    return _may_be_interlaced(codec, extradata)


def _may_be_interlaced(codec: str, extradata: bytes | None) -> bool:
    if codec == 'mpeg2video':
        return not mpeg2_headers.is_progressive(extradata)
    if codec == 'h264':
        headers = sequence_headers(extradata)
        return headers is None or not all(sps.frame_mbs_only for sps in headers)
    return False


def read_claims(codec: str, extradata: bytes | None, packets: Iterable[bytes]) -> Claims:
    """Claims of H.264 or MPEG-2, from the headers in all packets, in decoding order."""
    if codec == 'mpeg2video':
        return mpeg2_headers.read_claims(packets)
    try:
        reader = ClaimReader(extradata)
    except ValueError:
        return Claims([Claim(missing=UNKNOWN) for _ in packets], None)
    return reader.read(packets)
