"""Codes in MPEG-4 Part 2's B-frames for vectors and coefficients, as tables indexed by the next bits.

ISO/IEC 14496-2, Annex B.
"""

_VECTOR_CODES = (  # Table B-12: differences 0 to 32, without the sign
    '1 01 001 0001 000011 0000101 0000100 0000011 000001011 000001010 000001001 0000010001 0000010000 0000001111 '
    '0000001110 0000001101 0000001100 0000001011 0000001010 0000001001 0000001000 0000000111 0000000110 0000000101 '
    '0000000100 00000000111 00000000110 00000000101 00000000100 00000000011 00000000010 000000000011 000000000010'
)

# Table B-17, inter blocks: lengths and values of the codes, without the sign. First the codes that are followed by
# others in the block, by run and level, then the last ones.
_MORE = (
    '2:2 4:f 6:15 7:17 8:1f 9:25 9:24 10:21 10:20 11:7 11:6 11:20 3:6 6:14 8:1e 10:f 11:21 12:50 4:e 8:1d 10:e 12:51 '
    '5:d 9:23 10:d 5:c 9:22 12:52 5:b 10:c 12:53 6:13 10:b 12:54 6:12 10:a 6:11 10:9 6:10 10:8 7:16 12:55 7:15 7:14 '
    '8:1c 8:1b 9:21 9:20 9:1f 9:1e 9:1d 9:1c 9:1b 9:1a 11:22 11:23 12:56 12:57'
)
_LAST = (
    '4:7 9:19 11:5 6:f 11:4 6:e 6:d 6:c 7:13 7:12 7:11 7:10 8:1a 8:19 8:18 8:17 8:16 8:15 8:14 8:13 9:18 9:17 9:16 '
    '9:15 9:14 9:13 9:12 9:11 10:7 10:6 10:5 10:4 11:24 11:25 11:26 11:27 12:58 12:59 12:5a 12:5b 12:5c 12:5d 12:5e '
    '12:5f'
)
_ESCAPE = '0000011'
LONGEST_CODE = 12  # bits


def _table(codes: list[tuple[str, int]]) -> list[tuple[int, int]]:
    """Next 12 bits -> length and meaning of the code at their start; length 0 if there is none."""
    table = [(0, 0)] * (1 << LONGEST_CODE)
    for code, meaning in codes:
        rest = LONGEST_CODE - len(code)
        first = int(code, 2) << rest
        table[first : first + (1 << rest)] = [(len(code), meaning)] * (1 << rest)
    return table


def _code(entry: str) -> str:
    length, value = entry.split(':')
    return f'{int(value, 16):0{int(length)}b}'


VECTORS = _table([(code, size) for size, code in enumerate(_VECTOR_CODES.split())])

COEFFICIENTS = _table(
    [
        *[(_code(entry), 0) for entry in _MORE.split()],
        *[(_code(entry), 1) for entry in _LAST.split()],
        (_ESCAPE, 2),
    ]
)
