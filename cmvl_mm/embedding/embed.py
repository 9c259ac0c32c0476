"""Videos -> feature vectors, one row a clip: `cmvl_mm.embed` and `cmvl embed`."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import torch
from tqdm import tqdm

from cmvl_mm.embedding.cores import usable_cores
from cmvl_mm.embedding.embeddings import Embeddings, Failure
from cmvl_mm.embedding.network import CLIPS_PER_FORWARD, Network, load_network
from cmvl_mm.embedding.one_video import NamedVideo, embed_videos
from cmvl_mm.embedding.out_path import require_disk
from cmvl_mm.embedding.store import EmbedStore
from cmvl_mm.embedding.video_inputs import InputsError, Named, Videos, find_videos
from cmvl_mm.embedding.video_rows import VideoRows, joined
from cmvl_mm.zoo.default import MODEL

_PART_SECONDS = 20.0
"""Seconds between writes of finished videos: what a crash can cost."""


def embed(
    videos: Named | Sequence[Named],
    model: str | Path = MODEL,
    out: str | Path | None = None,
    *,
    config: str | Path | None = None,
    root: str | Path | None = None,
    clips: int | None = None,
    every: float | None = None,
    device: str = 'cpu',
    workers: int | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Embeddings:
    """Compute feature vectors of videos, one row a clip.

    Videos need neither labels nor preparation: any file that the reader reads is accepted. Rows are in the order of the
    videos. They depend only on weights, settings and the video, not on `workers` or earlier runs, except for rounding
    if a network's kernels depend on the batch size. For more rows than fit into memory, see `embed_folder`.

    Args:
        videos: a folder, an annotation list, a pattern, a file, or several of them; see `find_videos`.
        model: a name of the zoo, a weights file, or a work directory. The zoo's default knows drawn videos only.
        out: a .parquet file to write, as `embeddings` describes it. A stopped run resumes; `out.parts` holds its
            finished videos. Failures are in `out` with .failures.json. None writes nothing.
        config: how to build model and clips; not needed for the zoo and for work directories.
        root: folder that a list's paths are relative to; the list's folder by default.
        clips: clips per video, at the centres of equal bins; the config's number by default.
        every: seconds from one clip to the next, for long videos; replaces `clips`.
        device: 'cpu' or 'cuda:0'.
        workers: number of videos read at once; by default the number of cores that this process may use.
        overwrite: replace `out` and its parts.
        progress: show a progress bar.

    Raises:
        InputsError: there are no videos; or `out` is the address of an object store.
        SettingsError: the config does not say how clips are embedded.
        EmbeddingsError: `out` or its parts hold rows of other weights or settings.
        FileNotFoundError, CheckpointError: the weights do not exist.
        KeyboardInterrupt: after the finished videos are written.
    """
    if workers is not None and workers < 1:
        raise InputsError(f'workers={workers} must be at least 1.')
    out = None if out is None else require_disk(out)
    found = find_videos(videos, root)
    network = load_network(model, config=config, clips=clips, every=every, device=device)
    meta = network.plan.meta(str(found.root))
    store = None if out is None else EmbedStore(out, meta, overwrite)
    done = {} if store is None else store.finished(found.paths)
    failures = list(found.refused)
    unwritten: dict[str, VideoRows] = {}
    written_at = time.monotonic()
    todo = [path for path in found.paths if path not in done]
    bar = tqdm(total=len(found.paths), initial=len(done), unit='video', disable=not progress, dynamic_ncols=True)
    try:
        with bar:
            for path, outcome in _outcomes(network, found, todo, workers or usable_cores()):
                if isinstance(outcome, Failure):
                    failures.append(outcome)
                else:
                    done[path] = unwritten[path] = outcome
                bar.update()
                if store is not None and time.monotonic() - written_at > _PART_SECONDS:
                    store.add(unwritten)
                    unwritten, written_at = {}, time.monotonic()
    except BaseException:
        if store is not None:
            store.add(unwritten)
            store.note(failures, done)
        raise
    order = {path: number for number, path in enumerate(found.paths)}
    failures.sort(key=lambda failure: order.get(failure.path, -1))
    result = joined(done, dict(zip(found.paths, found.labels, strict=True)), meta, failures)
    if store is not None:
        store.note(failures, done)
        if len(result):
            store.finish(result)
        else:
            store.leave()
    return result


def _outcomes(
    network: Network, found: Videos, todo: Sequence[str], workers: int
) -> Iterator[tuple[str, VideoRows | Failure]]:
    """Each video's rows or failure, in the order of completion; few videos wait at any time."""
    rest, threads = iter(_groups(todo, network.plan.settings.clips, workers)), torch.get_num_threads()
    running: dict[Future[list[VideoRows | Failure]], Sequence[str]] = {}

    def embed_group(paths: Sequence[str]) -> list[VideoRows | Failure]:
        return list(embed_videos([NamedVideo(found.root / path, path) for path in paths], network))

    with ThreadPoolExecutor(workers) as pool:
        try:
            while True:
                while len(running) < 2 * workers and (paths := next(rest, None)) is not None:
                    running[pool.submit(embed_group, paths)] = paths
                if not running:
                    return
                finished = wait(running, return_when=FIRST_COMPLETED).done
                for future in [one for one in running if one in finished]:  # oldest first, kept first on a stop
                    yield from zip(running.pop(future), future.result(), strict=True)
        finally:
            for future in running:
                future.cancel()
            pool.shutdown()
            torch.set_num_threads(threads)  # for threads that start later: those of the pool have set it, too


def _groups(todo: Sequence[str], clips: int | None, workers: int) -> Iterator[Sequence[str]]:
    """Groups of videos that share batches: at most a full batch, or less so that all workers stay busy at the end."""
    most = max(1, CLIPS_PER_FORWARD // clips) if clips is not None else 1
    size = max(1, min(most, len(todo) // (8 * workers)))
    return (todo[begin : begin + size] for begin in range(0, len(todo), size))
