"""Fuse the scores of several networks, and print top-1 of each network and of all together.

python tools/fuse_scores.py iframe.npz motion.npz residual.npz --weights 2 1 1

The files come from tools/test.py --dump-features, from tests on one list.
"""

import argparse

from cmvl_mm.evaluation.features import FeaturesError
from cmvl_mm.evaluation.fusion import Scored, fuse, read_scored
from cmvl_mm.evaluation.summary import figure_rows, figures_of
from cmvl_mm.evaluation.tables import text_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('files', nargs='+', metavar='FILE.npz', help='scores of one network each')
    parser.add_argument('--weights', nargs='+', type=float, required=True, metavar='W', help='one for each file')
    args = parser.parse_args()
    try:
        networks = [read_scored(path) for path in args.files]
        fused = fuse(networks, args.weights)
    except (FeaturesError, FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    name = ' : '.join(f'{weight:g}' for weight in args.weights)
    rows = [row for path, scored in zip(args.files, networks, strict=True) for row in _rows(path, scored)]
    print(text_table([figure_rows([])[0], *rows, *_rows(f'fused {name}', fused)]))


def _rows(name: str, scored: Scored) -> list[list[str]]:
    """The line of one network in the table."""
    figures = figures_of({'top1': scored.correct.mean(), 'videos': len(scored.labels)})
    return [[name, *row[1:]] for row in figure_rows(figures)[1:]]


if __name__ == '__main__':
    main()
