"""NAL units of H.264: how packets and stream headers hold them (ITU-T H.264, 7.3.1 and Annex B; ISO/IEC 14496-15)."""

from collections.abc import Iterator

from cmvl_mm.bitstream.bits import BitReader

_LONGEST_HEADER = 4096  # bytes


def length_size(extradata: bytes | None) -> int:
    """Size in bytes of the length before each NAL unit (ISO/IEC 14496-15, 5.3.3.1); 0: start codes (Annex B)."""
    if not extradata or extradata[0] != 1:
        return 0
    if len(extradata) < 7:
        raise ValueError('the configuration record is too short')
    size = (extradata[4] & 3) + 1
    if size == 3:
        raise ValueError('lengths of 3 bytes are reserved')
    return size


def nal_units(data: bytes, size: int) -> Iterator[bytes]:
    """NAL units of a packet, header byte first, still escaped.  ``size``: see `length_size`."""
    if size:
        at = 0
        while at < len(data):
            first = at + size
            at = first + int.from_bytes(data[at:first])
            if first > len(data) or at > len(data):
                raise ValueError('a NAL unit is longer than its packet')
            if at > first:
                yield data[first:at]
        return
    at = data.find(b'\0\0\1')
    while at >= 0:
        end = data.find(b'\0\0\1', at + 3)
        unit = data[at + 3 : end if end >= 0 else None].rstrip(b'\0')
        if unit:
            yield unit
        at = end


def parameter_sets(extradata: bytes | None) -> Iterator[bytes]:
    """NAL units of a stream's header: an avcC record, or start codes."""
    data = extradata or b''
    if not length_size(data):
        yield from nal_units(data, 0)
        return
    at = 5
    for mask in (0x1F, 0xFF):
        if at >= len(data):
            raise ValueError('the configuration record is too short')
        count, at = data[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(data[at : at + 2])
            if not size or at + 2 + size > len(data):
                raise ValueError('a parameter set is longer than its record')
            yield data[at + 2 : at + 2 + size]
            at += 2 + size


def unescaped(nal: bytes, most: int = _LONGEST_HEADER) -> BitReader:
    """Bits of the first ``most`` bytes of a NAL unit, without the bytes that prevent start codes (7.4.1)."""
    return BitReader(nal[:most].replace(b'\0\0\3', b'\0\0'))
