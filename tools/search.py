"""Print the gallery videos nearest to each query, one per line: query, rank, cosine, neighbour, separated by tabs.

python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/pretrain_c3d_ucf/epoch_120.pth --dump-features f.npz
python tools/search.py f.npz --k 5
python tools/search.py f.npz --gallery million.npy --device cuda:0
python tools/search.py f.npz --gallery million.npy --index faiss_ivf --lists 4096 --probes 64

The search is exact and holds only blocks of the gallery in memory. FAISS's index holds the whole gallery and is worth
it for many thousand queries; its recall is measured on a hundred of them.
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from cmvl_mm.evaluation.features import Features, FeaturesError, load_features, open_rows, require_directions
from cmvl_mm.evaluation.search import EXACT, IVF, Exact, Neighbours, nearest, require_device


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        'features',
        type=Path,
        metavar='F.npz',
        help='features with the queries, written by tools/test.py --dump-features',
    )
    parser.add_argument(
        '--gallery', type=Path, metavar='G.npy', help="(n, C) rows to search, named by number; default: F.npz's gallery"
    )
    parser.add_argument('--k', type=at_least_one, default=10, help='neighbours of each query (default: %(default)s)')
    parser.add_argument('--index', choices=('exact', 'faiss_ivf'), default='exact', help='default: %(default)s')
    parser.add_argument(
        '--device', type=device, help=f'device of the exact search: cpu or cuda:N (default: {EXACT.device})'
    )
    parser.add_argument('--block-mib', type=at_least_one, help='memory of the exact search (default: 256)')
    parser.add_argument('--lists', type=at_least_one, help='for faiss_ivf: cells of the gallery')
    parser.add_argument('--probes', type=at_least_one, help='for faiss_ivf: cells searched for each query')
    args = parser.parse_args(argv)
    if args.index == 'exact' and (args.lists or args.probes):
        parser.error('--lists and --probes are options of --index faiss_ivf')
    if args.index == 'faiss_ivf' and (not args.lists or not args.probes or args.device or args.block_mib):
        parser.error('--index faiss_ivf needs --lists and --probes, and does not allow --device or --block-mib')
    return args


def at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text!r} must be a whole number of at least 1')
    return int(text)


def device(text: str) -> str:
    try:
        require_device(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def index_of(args: argparse.Namespace) -> Exact | IVF:
    """The search method that the options choose."""
    if args.index == 'faiss_ivf':
        return IVF(lists=args.lists, probes=args.probes)
    block_bytes = EXACT.block_bytes if args.block_mib is None else args.block_mib * 2**20
    return Exact(device=args.device or EXACT.device, block_bytes=block_bytes)


def show_progress(done: int, total: int) -> None:
    """Rewrite one line of progress, only on a terminal."""
    if sys.stderr.isatty():
        print(f'\r{done:,} of {total:,} rows', end='\n' if done == total else '', file=sys.stderr, flush=True)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    try:
        found = load_features(args.features)
        own = None if args.gallery is None else open_rows(args.gallery)
    except (FileNotFoundError, FeaturesError) as error:
        raise SystemExit(str(error)) from error
    gallery, names = (own, np.arange(len(own))) if own is not None else of_gallery(found)
    try:
        neighbours = searched(args, found, gallery)
    except (ValueError, ModuleNotFoundError) as error:
        source = args.features if own is None else args.gallery
        raise SystemExit(f'{source}: {error}') from error
    except torch.OutOfMemoryError as error:
        raise SystemExit(f'{args.device} has too little memory. Remedy: pass a smaller --block-mib.') from error
    write_lines(lines(found.paths[found.is_query], names, neighbours))
    print(f'recall@{neighbours.rows.shape[1]} against the exact search: {neighbours.recall:.4f}', file=sys.stderr)


def of_gallery(found: Features) -> tuple[np.ndarray, np.ndarray]:
    """Features and paths of the gallery videos."""
    return found.features[~found.is_query], found.paths[~found.is_query]


def searched(args: argparse.Namespace, found: Features, gallery: np.ndarray) -> Neighbours:
    """The neighbours of every query.

    Raises:
        ValueError: there is nothing to search, widths differ, a feature is zero or not finite, or the index does not
            fit the gallery.
        ModuleNotFoundError: FAISS is requested and not installed.
    """
    query = found.features[found.is_query]
    if not len(query) or not len(gallery):
        raise ValueError(
            f'{len(query)} queries and {len(gallery)} gallery rows: search needs both. '
            'Remedy: use features of a retrieval_* config, or pass --gallery.'
        )
    if query.shape[1] != gallery.shape[1]:
        raise ValueError(
            f'its rows are {gallery.shape[1]} wide, but those of {args.features} {query.shape[1]}. '
            'Remedy: use features of one network for both.'
        )
    looked_at = found.is_query if args.gallery else np.full(len(found.paths), True)
    require_directions(found.features[looked_at], found.paths[looked_at])
    return nearest(query, gallery, args.k, index=index_of(args), progress=show_progress)


def lines(queries: np.ndarray, names: np.ndarray, neighbours: Neighbours) -> Iterator[str]:
    """A line with query, rank, cosine and neighbour for every pair."""
    for query, rows, similarity in zip(queries, neighbours.rows, neighbours.similarity, strict=True):
        for rank, (row, cosine) in enumerate(zip(rows, similarity, strict=True), start=1):
            yield f'{query}\t{rank}\t{cosine:.6f}\t{names[row]}\n'


def write_lines(text: Iterator[str]) -> None:
    """Write to standard output; if the reader closes it, as `head` does, the tool ends silently."""
    try:
        sys.stdout.writelines(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes again when it exits; discard what it could not write
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(128 + signal.SIGPIPE) from None
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(f'standard output: {error.strerror}. Remedy: write to a disk with free space.') from error


if __name__ == '__main__':
    main()
