"""Facts about a video's motion vectors that need its headers and bits; read at first use, and kept."""

from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.by_codec import need_headers, read_claims
from cmvl_mm.bitstream.claims import UNKNOWN, Claim, Claims
from cmvl_mm.bitstream.mpeg4_changes import held_at_changes
from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.distances import BY_TYPE, Distances, by_types
from cmvl_mm.video.mpeg4_b_frames import BFrames
from cmvl_mm.video.second_decoders import prompt_decoder

_NOT_KNOWN = Distances(None, None)
_Item = TypeVar('_Item')


class VectorFacts:
    """Facts about the vectors of one open video.

    Args:
        decoder: decoder of the video, which provides the packets and tells from which packet each frame comes.
    """

    def __init__(self, decoder: FrameDecoder) -> None:
        self._decoder = decoder
        self.path = decoder.path
        self.codec = decoder.codec
        self.size = decoder.height, decoder.width

    @cached_property
    def needs_claims(self) -> bool:
        """Whether a frame's vectors can only be used as its `claim` says."""
        return need_headers(self.codec, self._decoder.stream.codec_context.extradata)

    def prepare(self, *, distances: bool) -> None:
        """Read what all frames need now, so that several threads do not read it at the same time."""
        if self.needs_claims or (distances and self.codec == 'h264'):
            _ = self._claims

    def claim(self, number: int) -> Claim:
        """How a frame's vectors may be used, by display index; the first call reads the headers of all packets."""
        claims, position = self._claims, int(self._decoder.position[number])
        if position >= 0:
            return claims.in_stream[position]
        by_display = claims.by_display
        if by_display is None or len(by_display) != self._decoder.num_frames:
            return Claim(missing=UNKNOWN)
        return claims.in_stream[by_display[number]]

    def distances(self, number: int) -> Distances:
        """Distances to a frame's references, by display index; for H.264, the first call reads all headers."""
        if self.codec in BY_TYPE:
            may_be_fields = self.needs_claims and self.claim(number).interlaced
            return _NOT_KNOWN if may_be_fields or not self._by_types else self._by_types[number]
        if self.codec != 'h264':
            return _NOT_KNOWN
        claims, position = self._claims, int(self._decoder.position[number])
        by_display = claims.by_display
        # A picture that is coded but not shown would count as a frame.
        if (
            claims.distances is None
            or by_display is None
            or len(by_display) != self._decoder.num_frames
            or position < 0
        ):
            return _NOT_KNOWN
        claim, of_lists = claims.in_stream[position], claims.distances[position]
        past = None if claim.missing is not None else of_lists[claim.past_list]
        future = None if claim.future_list is None else of_lists[claim.future_list]
        return Distances(past, future)

    @cached_property
    def first_references(self) -> npt.NDArray[np.int64] | None:
        """For H.264, (num_frames,) display index of the picture that each frame's list of past references begins with.

        -1 if there is none, it is not shown, or the headers do not tell; None if they tell nothing for any frame.
        Encoders put the picture that most blocks refer to first.
        """
        return self._references(self._claims.first)

    @cached_property
    def only_references(self) -> npt.NDArray[np.int64] | None:
        """Likewise, if all entries of the list name the same picture; -1 if they name several."""
        return self._references(self._claims.distances)

    def _references(self, distances: Sequence[Sequence[int | None]] | None) -> npt.NDArray[np.int64] | None:
        claims, positions = self._claims, self._decoder.position.tolist()
        if claims.by_display is None or distances is None:
            return None
        number_at = {position: number for number, position in enumerate(positions)}
        place_of = {packet: place for place, packet in enumerate(claims.by_display)}
        before = np.full(len(positions), -1, np.int64)
        for number, position in enumerate(positions):
            if position not in place_of or claims.in_stream[position].missing is not None:
                continue
            distance = distances[position][claims.in_stream[position].past_list]
            if distance is not None and 0 < distance <= place_of[position]:
                before[number] = number_at.get(claims.by_display[place_of[position] - distance], -1)
        return before

    @cached_property
    def _by_types(self) -> Sequence[Distances]:
        types = self._decoder.types
        return () if types is None else by_types(types)

    def held_at_changes(self) -> frozenset[int]:
        """For MPEG-4 Part 2, display indices of frames that leave the decoder after headers that are not their own."""
        notes = self._decoder.notes
        if 'held' not in notes:
            notes['held'] = frozenset() if self._decoder.index is not None else self._found_held()
        return notes['held']

    def _found_held(self) -> frozenset[int]:
        header = self._decoder.stream.codec_context.extradata or b''
        held = held_at_changes(header, self._decoder.packet_data())
        positions = self._decoder.position.tolist() if held else []
        return frozenset(number for number, position in enumerate(positions) if position in held)

    def b_records(self, number: int, *, to_future: bool) -> npt.NDArray[np.void]:
        """Vectors of an MPEG-4 Part 2 B-frame, which FFmpeg does not export; all are marked as vectors to the past.

        Raises:
            ValueError: they cannot be read.
        """
        frames = self._b_frames
        if isinstance(frames, ValueError):
            raise frames
        if frames.num_frames != self._decoder.num_frames:
            raise ValueError(f'the number of coded pictures, {frames.num_frames}, is not the number of frames')
        return frames.records(number, to_future=to_future)

    @property
    def _claims(self) -> Claims:
        """The claims, read once per process and kept with the index of the file."""
        notes = self._decoder.notes
        if 'claims' not in notes:
            extradata = self._decoder.stream.codec_context.extradata
            claims = read_claims(self.codec, extradata, self._decoder.packet_data())
            notes['claims'] = claims._replace(
                in_stream=_shared(claims.in_stream),
                distances=None if claims.distances is None else _shared(claims.distances),
                first=None if claims.first is None else _shared(claims.first),
            )
        return notes['claims']

    @cached_property
    def _b_frames(self) -> BFrames | ValueError:
        try:
            return BFrames(prompt_decoder(self._decoder.stream), self._decoder.packet_data())
        except ValueError as error:
            return error


def _shared(items: list[_Item]) -> list[_Item]:
    """The same list with one shared object for equal items: there are many frames, but few different items."""
    kinds: dict[_Item, _Item] = {}
    return [kinds.setdefault(item, item) for item in items]
