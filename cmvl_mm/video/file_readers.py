"""Selects the reader of a file and its index: known from before, proven by headers, or from a decode."""

import time

from cmvl_mm.video import index_store
from cmvl_mm.video.exact import ExactReader
from cmvl_mm.video.index import PacketIndex
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.regular_index import find_regular_index
from cmvl_mm.video.regular_reader import RegularReader
from cmvl_mm.video.source import Source
from cmvl_mm.video.truth import Truth


class FileReaders:
    """Readers of one file, in its state when it was opened.

    Args:
        source: the file.
        keep_index: write the index next to the file if the stream must be decoded for it.
    """

    def __init__(self, source: Source, keep_index: bool) -> None:
        self._source, self.path = source, source.name
        self._keep_index = keep_index
        # Taken before opening: if the file is replaced meanwhile, what is learned must not count for the new file.
        self._identity = index_store.identity_of(source.path)
        self.first = StreamReader(source)
        """The first reader of the file; `RegularReader` continues to use it."""
        self._irregular = ''  # why the stream is not regular

    def regular(self) -> RegularReader | None:
        """The reader of a stream that is proven regular; None for other streams."""
        known = index_store.recall(self._identity)
        if known is None:
            known, self._irregular = find_regular_index(self.first)
        if not isinstance(known, PacketIndex):
            return None
        index_store.remember(self._identity, known)
        return RegularReader(self.first, known)

    def exact(self) -> ExactReader:
        """The reader if `regular` gives none: decodes the file once, unless its index is known."""
        recalled = index_store.recall(self._identity)
        known = recalled if isinstance(recalled, Truth) else None
        known = known or (index_store.find_beside(self.path) if self._is_as_opened() else None)
        began = time.perf_counter()
        exact = self._exact_by(known)
        if known is None:
            index_store.tell(self.path, exact.truth, self._irregular, time.perf_counter() - began)
        self.learn(exact.truth, is_new=known is None)
        return exact

    def like(self, reader: RegularReader | ExactReader) -> RegularReader | ExactReader:
        """A reader that uses the index of another reader of the same file."""
        if isinstance(reader, RegularReader):
            return RegularReader(self.first, reader.index)
        return self._exact_by(reader.truth)

    def learn(self, truth: Truth, *, is_new: bool) -> None:
        """Remember what is known of the file; if it is new and ``keep_index`` is set, write it next to the file."""
        index_store.remember(self._identity, truth)
        if is_new and self._keep_index and self._is_as_opened():
            index_store.keep(self.path, truth)

    def are_of_the_file_of(self, others: 'FileReaders') -> bool:
        """Whether the file was not replaced between the two openings."""
        return self._identity == others._identity

    def _exact_by(self, truth: Truth | None) -> ExactReader:
        self.first.rewind()
        return ExactReader(self._source, (self.first.container, self.first.stream), truth)

    def _is_as_opened(self) -> bool:
        return self._identity is not None and index_store.identity_of(self._source.path) == self._identity
