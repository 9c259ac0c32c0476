"""Exact search for nearest neighbours: ours, in blocks from a file, against whole matrices and FAISS.

    python benchmarks/retrieval.py
    python benchmarks/retrieval.py --gallery 1000000 --rounds 1 --json retrieval.json    # 8.2 GB in --folder

All routes start from the same float32 file of unnormalised features and find the --k nearest of every query by cosine;
"built" routes have read, normalised and indexed it before, which is timed separately. Before any timing, a check shows
that ours finds the same rows as the others. The limit is the bare product of queries and file.
"""

import argparse
import shutil
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import side_by_side
import torch

from cmvl_mm.evaluation.cosine import cosine_of_pairs, l2_normalise
from cmvl_mm.evaluation.ivf_search import built_index, faiss
from cmvl_mm.evaluation.search import BLOCK_BYTES, nearest
from cmvl_mm.evaluation.sifting import rounding_error

OURS, LIMIT = 'ours, blocks of the file', 'the product alone'
CLUSTER = 50  # rows around one centre, like videos of a class or copies of one video
FAISS_PART = 0.5  # share of memory for the gallery's copies inside FAISS


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--gallery', type=int, default=50_000, help='rows (default: %(default)s)')
    parser.add_argument('--dim', type=int, default=2048, help='size of a feature (default: %(default)s)')
    parser.add_argument('--queries', type=int, default=64, help='default: %(default)s')
    parser.add_argument('--k', type=int, default=10, help='neighbours (default: %(default)s)')
    parser.add_argument('--lists', type=int, default=256, help="cells of FAISS's IVF (default: %(default)s)")
    parser.add_argument('--probes', type=int, default=16, help='cells searched (default: %(default)s)')
    parser.add_argument('--folder', type=Path, help="for the gallery's file (default: the temporary folder)")
    side_by_side.add_arguments(parser, rounds=3)
    return parser.parse_args(argv)


def write_gallery(path: Path, rows: int, dim: int, block: int = 8192) -> np.ndarray:
    """(rows, dim) float32 in a .npy file, written by blocks: clusters of non-negative features, as after a ReLU.

    Raises:
        OSError: the disk is full.
    """
    need, free = 4 * rows * dim, shutil.disk_usage(path.parent).free
    if need > 0.9 * free:
        raise OSError(
            f'{path.parent}: {need / 1e9:.1f} GB needed for the gallery, {free / 1e9:.1f} free. Remedy: pass --folder'
        )
    file = np.lib.format.open_memmap(path, 'w+', np.float32, (rows, dim))
    for begin in range(0, rows, block):
        file[begin : begin + block] = features(np.arange(begin, min(begin + block, rows)) // CLUSTER, dim, begin + 1)
    file.flush()
    return np.load(path, mmap_mode='r')


def features(clusters: np.ndarray, dim: int, seed: int) -> np.ndarray:
    """(n, dim) float32: each row is its cluster's centre plus half as much noise, with negative values set to 0."""
    drawn = np.random.default_rng([0, seed]).standard_normal((len(clusters), dim), dtype=np.float32) / 2
    names, place = np.unique(clusters, return_inverse=True)
    centres = [np.random.default_rng([1, name]).standard_normal(dim, dtype=np.float32) for name in names]
    return np.maximum(drawn + np.stack(centres)[place], 0)


def by_matrix(query: np.ndarray, gallery: np.ndarray, k: int, select: str) -> np.ndarray:
    """(q, k) rows from the whole (q, g) matrix in float32."""
    similarity = query @ gallery.T
    similarity /= np.sqrt(np.einsum('nc,nc->n', gallery, gallery))
    if select == 'argsort':
        return np.argsort(-similarity, axis=1)[:, :k]
    rows = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(similarity, rows, axis=1), axis=1)
    return np.take_along_axis(rows, order, axis=1)


def by_flat_index(query: np.ndarray, gallery: np.ndarray, k: int) -> np.ndarray:
    """(q, k) rows by FAISS's exact index, built for this search."""
    return flat_index(gallery).search(query, k)[1]


def flat_index(gallery: np.ndarray, block: int = 8192) -> 'faiss.IndexFlatIP':
    index = faiss.IndexFlatIP(gallery.shape[1])
    for begin in range(0, len(gallery), block):
        rows = np.array(gallery[begin : begin + block])
        faiss.normalize_L2(rows)
        index.add(rows)
    return index


def check(name: str, rows: np.ndarray, query: np.ndarray, gallery: np.ndarray, ours: np.ndarray) -> None:
    """Raise if a neighbour differs from ours by more than float32 rounding; both are (q, k), nearest first."""
    pairs = (np.repeat(np.arange(len(rows)), rows.shape[1]), np.arange(rows.size))
    theirs = cosine_of_pairs(l2_normalise(query), l2_normalise(gallery[rows.ravel()]), pairs).reshape(rows.shape)
    worst = np.abs(theirs - ours).max()
    if worst > 2 * rounding_error(query.shape[1], torch.float32):
        raise RuntimeError(f'{name}: a neighbour differs from ours by {worst:.2g}')


def private_mib() -> float:
    """MiB of this process without mapped files (Linux)."""
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith('RssAnon')) / 1024


def peak_mib(run: Callable[[], object]) -> float:
    """Peak MiB of a call beyond the memory in use before it, sampled every 2 ms."""
    before, done = private_mib(), threading.Event()
    seen = [before]

    def watch() -> None:
        while not done.wait(0.002):
            seen.append(private_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        run()
    finally:
        done.set()
        watcher.join()
    return max(seen) - before


def memory_mib() -> float:
    """Memory of the machine in MiB."""
    return int(Path('/proc/meminfo').read_text().split()[1]) / 1024


def routes_of(args: argparse.Namespace, query: np.ndarray, gallery: np.ndarray) -> tuple[list, list[str]]:
    """Routes, and notes on the index and on missing peers."""
    million_pairs = len(query) * len(gallery) / 1e6
    unit = l2_normalise(query).astype(np.float32)
    exact = {
        'NumPy matrix, argpartition': ('peer', partial(by_matrix, unit, gallery, args.k, 'argpartition')),
        'NumPy matrix, argsort': ('peer', partial(by_matrix, unit, gallery, args.k, 'argsort')),
    }
    others, notes = {}, []
    if faiss is None:
        notes.append("FAISS is not installed: pip install 'cmvl_mm[search]'")
    else:
        fitting = FAISS_PART * memory_mib() * 2**20 // gallery.nbytes
        if fitting >= 1:
            ivf = built_index(gallery, args.lists, BLOCK_BYTES)
            ivf.nprobe = args.probes
            others['FAISS IVF, built'] = ('peer', lambda: ivf.search(unit, args.k)[1])
        if fitting >= 3:  # a flat index that stays, and one that is built for a search
            flat = flat_index(gallery)
            exact['FAISS IndexFlatIP'] = ('peer', partial(by_flat_index, unit, gallery, args.k))
            exact['FAISS IndexFlatIP, built'] = ('peer', lambda: flat.search(unit, args.k)[1])
        left_out = 'FAISS' if fitting < 1 else "FAISS's exact index" if fitting < 3 else None
        if left_out:
            notes.append(f'{left_out} left out: copies of the gallery would fill more than half of the memory')
    mine = nearest(query, gallery, args.k)
    for name, (_, run) in exact.items():
        check(name, run(), query, gallery, mine.similarity)
    for name, (_, run) in others.items():
        found = [len(set(a) & set(b)) for a, b in zip(run().tolist(), mine.rows.tolist(), strict=True)]
        notes.append(
            f'{name}, {args.probes} of {args.lists} cells: recall@{args.k} {np.mean(found) / args.k:.3f}; '
            'how long the index takes to build is not in its speed'
        )
    ways = {OURS: ('ours', lambda: nearest(query, gallery, args.k)), **exact, **others}
    ways[LIMIT] = ('limit', lambda: unit @ gallery.T)
    return [side_by_side.Route(name, role, run, million_pairs) for name, (role, run) in ways.items()], notes


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    facts = side_by_side.machine()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        gallery = write_gallery(Path(folder) / 'gallery.npy', args.gallery, args.dim)
        spread = np.linspace(0, args.gallery - 1, args.queries).astype(np.int64)
        query = features(spread // CLUSTER, args.dim, 0)
        peak = peak_mib(lambda: nearest(query, gallery, args.k))  # first, before other routes leave memory behind
        routes, notes = routes_of(args, query, gallery)
        timings = side_by_side.alternate(routes, args.rounds, 'cpu')
    allowed = BLOCK_BYTES / 2**20
    report = side_by_side.Report(
        f'{args.k} nearest of {args.gallery:,} x {args.dim}, {args.queries} queries',
        'million pairs',
        'cpu',
        timings,
        targets=[
            side_by_side.Target(
                'exact, at the speed of the bare product', side_by_side.ratio(timings, OURS, LIMIT), 0.5
            ),
            side_by_side.Target('peak memory of ours beside the file, MiB', peak, allowed, 'at most'),
        ],
        notes=notes,
    )
    side_by_side.publish([report], [OURS], facts, args.json)


if __name__ == '__main__':
    main()
