"""Claims about each picture's motion vectors from the headers of H.264."""

from collections.abc import Iterable, Sequence

from cmvl_mm.bitstream.claims import FIELDS, FUTURE, MIXED, UNKNOWN, Claim, Claims, Trust
from cmvl_mm.bitstream.h264_headers import SequenceHeader, parse_sps
from cmvl_mm.bitstream.h264_nal import parameter_sets
from cmvl_mm.bitstream.h264_references import Lists, ReferenceLists
from cmvl_mm.bitstream.h264_slices import SPS, HeaderReader, SliceHeader

Order = tuple[int, int]


def sequence_headers(extradata: bytes | None) -> list[SequenceHeader] | None:
    """The sequence headers at the start of a stream; None if they cannot be read."""
    try:
        return [parse_sps(nal) for nal in parameter_sets(extradata) if nal[0] & 31 == SPS] or None
    except ValueError:
        return None


def is_plain(sps: SequenceHeader) -> bool:
    """Only frames, displayed in decoding order, and not cropped at left or top: all vectors are real."""
    in_order = sps.poc_type == 2 or sps.max_reorder_frames == 0
    return sps.frame_mbs_only and in_order and not (sps.crop[0] or sps.crop[2])


class ClaimReader:
    """Follows a stream packet by packet in decoding order, from its first packet.

    Raises:
        ValueError: the stream's header cannot be read.
    """

    def __init__(self, extradata: bytes | None) -> None:
        self._headers = HeaderReader(extradata)
        self._lists = ReferenceLists()
        self._parity_known = True  # every field since the IDR picture is a reference, and none was unmarked
        self._open_field: SliceHeader | None = None  # the first of two fields in separate packets

    def read(self, packets: Iterable[bytes]) -> Claims:
        """The claims of all packets; two packets that hold one field each have the same claim."""
        claims: list[Claim] = []
        orders: list[tuple[tuple[int, int], int]] = []
        read: list[Lists | None] = []  # one entry per packet
        for number, packet in enumerate(packets):
            try:
                slices = [head for head in self._headers.slices(packet) if not head.redundant]
                lists = self._lists.picture(slices) if slices else None
            except ValueError:
                self._lists.lose()
                claims.append(Claim(missing=UNKNOWN))
                read.append(None)
                continue
            read.append(lists)
            if lists is None:
                claims.append(Claim())
                continue
            claim = self._claim(slices, lists)
            if self._completes_a_frame(slices):
                claims[-1] = claim = _of_both(claims[-1], claim)
            else:
                orders.append((lists.order, number))
            claims.append(claim)
        orders.sort()
        rank = {order: place for place, (order, _) in enumerate(orders)}
        only = [_distances(rank, lists.order, lists.only) if lists else (None, None) for lists in read]
        first = [_distances(rank, lists.order, lists.first) if lists else (None, None) for lists in read]
        return Claims(claims, [number for _, number in orders], only, first)

    def _claim(self, slices: Sequence[SliceHeader], lists: Lists) -> Claim:
        sps = slices[0].sps
        trust = Trust.NONE if sps.frame_mbs_only else self._trust(slices)
        if lists.sides is None:
            return Claim(missing=FIELDS if slices[0].field else UNKNOWN)
        if lists.sides == ('none', 'none'):
            return Claim() if all(head.kind in ('I', 'SI') for head in slices) else Claim(missing=UNKNOWN)
        future_list = next((number for number in (1, 0) if lists.sides[number] == 'future'), None)
        if 'past' not in lists.sides or (lists.sides[0] != 'past' and lists.sides != ('future', 'past')):
            missing = MIXED if 'mixed' in lists.sides else FUTURE
            return Claim(missing, 0, future_list, sps.crop[0], sps.crop[2], not sps.frame_mbs_only, trust)
        past_list = 0 if lists.sides[0] == 'past' else 1
        return Claim(
            past_list=past_list,
            future_list=future_list,
            left=sps.crop[0],
            top=sps.crop[2],
            interlaced=not sps.frame_mbs_only,
            trust=trust,
        )

    def _trust(self, slices: Sequence[SliceHeader]) -> Trust:
        """Trust in field macroblocks: the first field of a list has the parity of the current field, if one exists."""
        if slices[0].idr:
            self._parity_known = True
        trust = Trust.SKIPPED if self._parity_known else Trust.NONE
        fields = [head for head in slices if head.field]
        if any(not head.ref or head.marking is not None for head in fields):
            self._parity_known = False
        predicted = [head for head in fields if head.kind in ('P', 'SP')]
        if any(head.kind == 'B' for head in slices) or any(head.changes[0] for head in predicted):
            return Trust.NONE
        if predicted and trust and all(head.num_refs[0] == 1 for head in predicted):
            return Trust.ALL
        return trust

    def _completes_a_frame(self, slices: Sequence[SliceHeader]) -> bool:
        """Whether a packet holds the second field of the frame that the packet before began."""
        first, begun = slices[0], self._open_field
        self._open_field = None
        if not first.field or any(head.bottom != first.bottom for head in slices):
            return False
        if begun is not None and begun.frame_num == first.frame_num and begun.bottom != first.bottom and not first.idr:
            return True
        self._open_field = first
        return False


def _distances(
    rank: dict[Order, int], own: Order, of_lists: tuple[Order | None, Order | None]
) -> tuple[int | None, int | None]:
    """Distances in displayed frames; see `Claims`."""
    here = rank.get(own)
    there = [None if order is None else rank.get(order) for order in of_lists]
    if here is None:
        return None, None
    past, future = (None if place is None else here - place for place in there)
    return past, future


def _of_both(first: Claim, second: Claim) -> Claim:
    """The claim of a frame of two fields."""
    worse = first if first.missing else second
    return worse._replace(trust=min(first.trust, second.trust))
