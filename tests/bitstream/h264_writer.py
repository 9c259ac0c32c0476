"""H.264 written bit by bit (ITU-T H.264, 7.3), every block of it known; tests of streams and of videos import it."""

from fractions import Fraction
from itertools import product

import av

SIZE = 64  # px, both sides
MOVED = -8, -8  # quarter pixels, as H.264 counts: the content moves 2 px right and down


class BitWriter:
    """The reverse of `BitReader`."""

    def __init__(self) -> None:
        self.bits = ''

    def u(self, *pairs: tuple[int, int]) -> 'BitWriter':
        """(count, value) pairs."""
        self.bits += ''.join(f'{value:0{count}b}' for count, value in pairs)
        return self

    def ue(self, *values: int) -> 'BitWriter':
        for value in values:
            self.bits += '0' * ((value + 1).bit_length() - 1) + f'{value + 1:b}'
        return self

    def se(self, *values: int) -> 'BitWriter':
        return self.ue(*[2 * value - 1 if value > 0 else -2 * value for value in values])

    def nal(self, kind: int, ref: int = 3) -> bytes:
        """With the stop bit, and a byte after each two zeros that would make a start code."""
        bits = self.bits + '1'
        bits += '0' * (-len(bits) % 8)
        data = bytes([ref << 5 | kind]) + int(bits, 2).to_bytes(len(bits) // 8)
        out = bytearray()
        for byte in data:
            if byte <= 3 and out[-2:] == b'\0\0':
                out.append(3)
            out.append(byte)
        return bytes(out)


def parameter_sets_of(*, fields=False):
    """Main profile, frame_num in 4 bits, order in 8 bits, one reference a list unless a slice says otherwise."""
    sps = BitWriter().u((8, 77), (8, 0), (8, 30)).ue(0, 0, 0, 4, 3).u((1, 0)).ue(SIZE // 16 - 1)
    sps.ue(SIZE // (32 if fields else 16) - 1).u((1, not fields))
    if fields:
        sps.u((1, 0))
    pps = BitWriter().ue(0, 0).u((2, 0)).ue(0, 0, 0).u((3, 0)).se(0, 0, 0).u((1, 1), (2, 0))
    return b''.join(b'\0\0\0\1' + nal for nal in (sps.u((1, 1), (1, 0), (1, 0)).nal(7), pps.nal(8)))


def picture(kind, frame_num, order, *, refs=1, changes=((), ()), blocks=(), luma=None, bottom=None, idr=False):
    """I: of ``luma``, (H, W). P, B: every macroblock is of the type and has the vectors of ``blocks``.

    ``blocks``: (mb_type, reference entry of each part, (x, y) of each part, in the order of the lists); a part's vector
    passes on from the first macroblock of a row to the others.
    """
    slices = BitWriter().ue(0, {'I': 7, 'P': 5, 'B': 6}[kind]).ue(0).u((4, frame_num % 16))
    if bottom is not None:
        slices.u((1, 1), (1, bottom))
    if idr:
        slices.ue(0)
    slices.u((8, order % 256))
    if kind == 'B':
        slices.u((1, 1))
    lists = {'I': 0, 'P': 1, 'B': 2}[kind]
    if lists:
        slices.u((1, 1)).ue(*[refs - 1] * lists)
    for number in range(lists):
        slices.u((1, bool(changes[number])))
        for change in changes[number]:
            slices.ue(*change)
        if changes[number]:
            slices.ue(3)
    if kind != 'B':
        slices.u(*[(1, 0)] * (2 if idr else 1))
    slices.se(0).ue(1)
    for row, column in product(range(SIZE // (16 if bottom is None else 32)), range(SIZE // 16)):
        if kind == 'I':
            slices.ue(25).bits += '0' * (-len(slices.bits) % 8)
            block = luma[16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
            slices.u(*[(8, int(value)) for value in block.ravel()], *[(8, 128)] * 128)
            continue
        mb_type, entries, vectors = blocks
        slices.ue(0, mb_type)
        if refs > 1:
            for entry in entries:
                slices.u((1, 1 - entry)) if refs == 2 else slices.ue(entry)
        for vector in vectors:
            slices.se(*(vector if column == 0 and (row == 0 or len(vectors) > 1) else (0, 0)))
        slices.ue(0)
    return b'\0\0\0\1' + slices.nal(5 if idr else 1, 0 if kind == 'B' else 3)


def mux(folder, pictures, suffix='.mkv', **parameters):
    """``pictures``: (place in display, bytes) in decoding order; the parameter sets come before the first."""
    raw, path = folder / 'raw.264', folder / f'video{suffix}'
    packets = [data for _, data in pictures]
    packets[0] = parameter_sets_of(**parameters) + packets[0]
    raw.write_bytes(b''.join(packets))
    if suffix == '.264':
        return raw
    with av.open(str(raw)) as source, av.open(str(path), 'w') as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        for number, (place, _) in enumerate(pictures):
            packet = av.Packet(packets[number])
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 25), number == 0
            packet.pts, packet.dts, packet.duration = place + 3, number, 1
            sink.mux(packet)
    return path


def full_sps():
    """High 4:2:2 profile, interlaced, with every part that the header can have."""
    w = BitWriter().u((8, 122), (8, 0x10), (8, 40)).ue(3, 2, 2, 1).u((1, 0), (1, 1))
    for matrix in range(8):
        w.u((1, matrix in (1, 7)))
        if matrix == 1:
            w.se(*[1] * 16)
        elif matrix == 7:
            w.se(3, -11)  # 0: the rest repeats
    w.ue(5, 1).u((1, 0)).se(-2, 1).ue(2).se(4, 5)  # frame_num in 9 bits; orders by a cycle of two
    w.ue(4).u((1, 1)).ue(10, 8).u((1, 0), (1, 1), (1, 1))  # 176 x 288, field or frame macroblocks
    w.u((1, 1)).ue(2, 1, 0, 3)  # crop
    w.u((1, 1), (1, 1), (8, 255), (32, 0), (1, 1), (1, 0), (1, 1), (4, 5), (1, 1), (24, 0), (1, 1)).ue(1, 1)
    w.u((1, 1), (64, 0), (1, 0))  # timing: zeros, so that bytes must be escaped
    for _ in range(2):
        w.u((1, 1)).ue(1).u((8, 0)).ue(9, 9).u((1, 0)).ue(9, 9).u((1, 0), (20, 0))
    return w.u((1, 0), (1, 1), (1, 1), (1, 1)).ue(0, 0, 9, 9, 2, 4).nal(7)
