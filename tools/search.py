"""The gallery videos nearest to each query, one a line: query, rank, cosine, neighbour, separated by tabs.

python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/pretrain_c3d_ucf/epoch_120.pth --dump-features f.npz
python tools/search.py f.npz --k 5
python tools/search.py f.npz --gallery million.npy --device cuda:0
python tools/search.py f.npz --gallery million.npy --index faiss_ivf --lists 4096 --probes 64

The search is exact and holds only blocks of the gallery in memory. FAISS's index holds all of it and pays from many
thousand queries on; what it misses is measured on a hundred of them.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from cmvl_mm.evaluation.features import FeaturesError, load_features, open_rows
from cmvl_mm.evaluation.search import EXACT, IVF, Exact, nearest


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        'features', type=Path, metavar='F.npz', help='of tools/test.py --dump-features; has the queries'
    )
    parser.add_argument(
        '--gallery', type=Path, metavar='G.npy', help="(n, C) rows to search, named by number; default: F.npz's gallery"
    )
    parser.add_argument('--k', type=int, default=10, help='neighbours of each query (default: %(default)s)')
    parser.add_argument('--index', choices=('exact', 'faiss_ivf'), default='exact', help='default: %(default)s')
    parser.add_argument('--device', help=f'of the exact search: cpu or cuda:N (default: {EXACT.device})')
    parser.add_argument('--block-mib', type=int, help='memory of the exact search (default: 256)')
    parser.add_argument('--lists', type=int, help='of faiss_ivf: cells of the gallery')
    parser.add_argument('--probes', type=int, help='of faiss_ivf: cells looked at for each query')
    args = parser.parse_args(argv)
    if args.index == 'exact' and (args.lists or args.probes):
        parser.error('--lists and --probes are options of --index faiss_ivf')
    if args.index == 'faiss_ivf' and (not args.lists or not args.probes or args.device or args.block_mib):
        parser.error('--index faiss_ivf needs --lists and --probes, and takes neither --device nor --block-mib')
    return args


def index_of(args: argparse.Namespace) -> Exact | IVF:
    """The search that the options ask for."""
    if args.index == 'faiss_ivf':
        return IVF(lists=args.lists, probes=args.probes)
    block_bytes = EXACT.block_bytes if args.block_mib is None else args.block_mib * 2**20
    return Exact(device=args.device or EXACT.device, block_bytes=block_bytes)


def show_progress(done: int, total: int) -> None:
    """One line, rewritten, on a terminal only."""
    if sys.stderr.isatty():
        print(f'\r{done:,} of {total:,} rows', end='\n' if done == total else '', file=sys.stderr, flush=True)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    try:
        found = load_features(args.features)
        own = None if args.gallery is None else open_rows(args.gallery)
    except (FileNotFoundError, FeaturesError) as error:
        raise SystemExit(str(error)) from error
    queries = np.flatnonzero(found.is_query)
    if own is None:
        members = np.flatnonzero(~found.is_query)
        gallery, names = found.features[members], found.paths[members]
    else:
        gallery, names = own, np.arange(len(own))
    if not len(queries) or not len(gallery):
        raise SystemExit(
            f'{args.features}: {len(queries)} queries and {len(gallery)} gallery rows. '
            'Remedy: features of a retrieval_* config, or --gallery.'
        )
    neighbours = nearest(found.features[queries], gallery, args.k, index=index_of(args), progress=show_progress)
    for query, rows, similarity in zip(found.paths[queries], neighbours.rows, neighbours.similarity, strict=True):
        for rank, (row, cosine) in enumerate(zip(rows, similarity, strict=True), start=1):
            print(query, rank, f'{cosine:.6f}', names[row], sep='\t')
    print(f'recall@{neighbours.rows.shape[1]} against the exact search: {neighbours.recall:.4f}', file=sys.stderr)


if __name__ == '__main__':
    main()
