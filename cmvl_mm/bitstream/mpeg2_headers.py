"""Headers of MPEG-2 (ISO/IEC 13818-2, 6.2) that distinguish fields from frames, and give the display order."""

from collections.abc import Iterable

from cmvl_mm.bitstream.claims import FIELDS, Claim, Claims

_PICTURE = b'\0\0\1\0'
_EXTENSION = b'\0\0\1\xb5'
_OF_SEQUENCE, _OF_PICTURE = 1, 8  # extension_start_code_identifier
_FRAME = 3  # picture_structure
_B = 3  # picture_coding_type


def is_progressive(extradata: bytes | None) -> bool:
    """Whether the sequence header rules out fields (``progressive_sequence``)."""
    extension = _extension(extradata or b'', _OF_SEQUENCE)
    return extension is not None and bool(extension[1] >> 3 & 1)


def read_claims(packets: Iterable[bytes]) -> Claims:
    """Claims of packets that hold one picture each: field pictures have no usable vectors."""
    claims, by_display, held = list[Claim](), list[int](), list[int]()
    for number, packet in enumerate(packets):
        extension = _extension(packet, _OF_PICTURE)
        if extension is None:
            claims.append(Claim())  # MPEG-1
        elif extension[2] & 3 != _FRAME:
            claims.append(Claim(missing=FIELDS))
        else:
            claims.append(Claim(interlaced=not extension[3] >> 6 & 1))  # frame_pred_frame_dct
        at = packet.find(_PICTURE)
        if at >= 0 and packet[at + 5 : at + 6] and packet[at + 5] >> 3 & 7 == _B:
            by_display.append(number)
        else:  # a reference is displayed when the next one comes
            by_display += held
            held = [number]
    two_packets_a_frame = any(claim.missing for claim in claims)
    return Claims(claims, None if two_packets_a_frame else by_display + held)


def _extension(data: bytes, kind: int) -> bytes | None:
    """The first four bytes of the first extension of this kind."""
    at = data.find(_EXTENSION)
    while at >= 0:
        body = data[at + 4 : at + 8]
        if len(body) == 4 and body[0] >> 4 == kind:
            return body
        at = data.find(_EXTENSION, at + 4)
    return None
