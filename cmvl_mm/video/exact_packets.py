"""Packets of a file by their position in decoding order, even where the container's seek is inaccurate."""

from collections.abc import Iterator
from typing import Any

from av import FFmpegError

from cmvl_mm.video.container import Opened, all_packets, open_video, packets_with_data
from cmvl_mm.video.source import Source
from cmvl_mm.video.truth import NO_STAMP, Truth, signature

KEPT = 16 << 20  # largest size, in bytes, of packets that are kept


class PacketSource:
    """The packets of one file.

    Args:
        file: the file.
        opened: its container and stream, from which nothing was read.
    """

    def __init__(self, file: Source, opened: Opened) -> None:
        self.opened = opened
        self.kept: list[Any] | None = None
        """All packets, if the file is small and they were read; else None."""
        self._file = file
        self._known: dict[tuple[int, ...], int] | None = None  # signature of a packet -> its position

    def all(self) -> Iterator[Any]:
        """All packets from the first on; those of a small file are kept, so that they are read only once."""
        kept, size = [], 0
        for packet in all_packets(self._file.name, *self.opened):
            size += packet.size
            if size <= KEPT:
                kept.append(packet)
            yield packet
        if size <= KEPT:
            self.kept = kept

    def since(self, start: int, truth: Truth, decoding: Opened) -> Iterator[tuple[int, Any]]:
        """Positions and packets from a position on.

        Args:
            start: the first position.
            truth: the truth of the file.
            decoding: stays open, even if the file must be reopened.
        """
        if self.kept is not None:
            yield from enumerate(self.kept[start:], start)
            return
        found = self._sought(start, truth) if start else None
        if found is None:
            self._reopen(decoding)
            found = enumerate(packets_with_data(*self.opened))
        for position, packet in found:
            if position >= start:
                yield position, packet

    def _sought(self, start: int, truth: Truth) -> Iterator[tuple[int, Any]] | None:
        """Packets from ``start`` or earlier on, by the container's seek; None if the seek does not lead there."""
        table = truth.packets
        container, stream = self.opened
        if self._known is None:
            self._known = {tuple(row)[:4]: number for number, row in enumerate(table.tolist())}
        for field in ('pts', 'dts'):
            target = int(table[field][start])
            if target == NO_STAMP:
                continue
            try:
                container.seek(target, stream=stream)
                packets = packets_with_data(container, stream)
                first = next(packets, None)
            except FFmpegError:
                continue
            number = None if first is None else self._known.get(signature(first))
            if number is not None and number <= start:
                return self._numbered(number, first, packets)
            packets.close()  # type: ignore[attr-defined]  # a generator
        return None

    def _numbered(self, number: int, first: Any, others: Iterator[Any]) -> Iterator[tuple[int, Any]]:
        yield number, first
        yield from enumerate(others, number + 1)

    def _reopen(self, decoding: Opened) -> None:
        """Read the file from its start again, and keep the decoder."""
        opened = open_video(self._file)
        if self.opened is not decoding:
            self.opened[0].close()
        self.opened = opened
