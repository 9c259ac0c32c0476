"""Batches of a video of any length, in display order and bounded memory, with one decoder or several."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial

from cmvl_mm.video.batch import Batch, joined
from cmvl_mm.video.colour import Tags
from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.in_order import in_order
from cmvl_mm.video.segment_reader import SegmentReader, Wanted
from cmvl_mm.video.segments import Segment, parts_of, segments_of

Worker = AbstractContextManager[Callable[[Segment], Iterator[Batch]]]

ROOM = 64 << 20  # bytes of finished results that wait for their turn


def batches(
    decoder: FrameDecoder, tags: Tags, wanted: Wanted, numbers: range, batch: int, workers: int
) -> Iterator[Batch]:
    """The frames of ``numbers``, in batches of ``batch`` frames.

    Args:
        decoder: decoder of the video.
        tags: the container's colour tags.
        wanted: what the batches must hold.
        numbers: display indices, ascending.
        batch: number of frames in every batch but the last.
        workers: number of decoders; more than one are only used for a stream that is proven regular.
    """
    index = decoder.index
    if index is None:
        segments = [Segment(numbers, None)] if len(numbers) else []
    else:
        segments = [*segments_of(numbers, [start.first for start in index.starts], index.num_frames)]
    # Even a single worker gets its own decoder: the caller may read the video between two batches.
    open_worker = partial(_worker, decoder, tags, wanted, numbers, batch)
    if index is None or min(workers, len(segments)) < 2:
        parts = _one_by_one(segments, open_worker)
    else:
        parts = in_order(segments, open_worker, workers, lambda part: part.nbytes, ROOM)
    try:
        yield from _whole(parts, len(numbers), batch)
    finally:
        parts.close()


def _one_by_one(segments: Sequence[Segment], open_worker: Callable[[], Worker]) -> Generator[Batch, None, None]:
    with open_worker() as parts_of_segment:
        for segment in segments:
            yield from parts_of_segment(segment)


def _whole(parts: Iterator[Batch], num_frames: int, batch: int) -> Iterator[Batch]:
    """Join parts into whole batches."""
    held: list[Batch] = []
    done = 0
    for part in parts:
        held.append(part)
        done += len(part.indices)
        del part
        if done % batch == 0 or done == num_frames:
            whole, held = joined(held), []
            yield whole
            del whole


@contextmanager
def _worker(
    decoder: FrameDecoder, tags: Tags, wanted: Wanted, numbers: range, batch: int
) -> Iterator[Callable[[Segment], Iterator[Batch]]]:
    """A separate decoder for one thread."""
    with closing(decoder.another()) as own, closing(SegmentReader(own, tags, wanted)) as reader:
        yield lambda segment: reader.read(segment, [*parts_of(numbers, segment.wanted, batch)])
