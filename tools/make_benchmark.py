"""Make the controlled benchmark: videos of known context and known motion, with ground truth and lists.

    python tools/make_benchmark.py data/basic --level basic
    python tools/make_benchmark.py data/future --level future    # motions that differ only after the clip
    python tools/make_benchmark.py data/hard --level hard        # moving camera, textured objects, more classes

OUT gets videos/NAME.mp4, whose names, lengths and sizes reveal no label; truth/NAME.npz, read by
cmvl_mm.controlled.truth.load_truth; annotations/{train,val,test}_{context,motion,joint}.txt with lines
"videos/NAME.mp4 label", relative to OUT, and classes_*.txt. Level future also has the kinds current and turn.

Repeat the command after a stop: it keeps existing files and adds missing ones. A folder holds one level of one seed.
"""

import argparse
import sys
import time

from cmvl_mm.controlled.levels import LEVELS
from cmvl_mm.controlled.video_set import write_controlled_set
from cmvl_mm.video.errors import VideoError


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('out', help='output folder')
    parser.add_argument('--level', choices=list(LEVELS), required=True)
    parser.add_argument('--seed', type=_count, default=0, help='each seed makes another set (default: %(default)s)')
    for split, default in (('train', 9), ('val', 4), ('test', 4)):
        parser.add_argument(
            f'--{split}',
            type=_count,
            default=default,
            help=f'{split} videos for each pair of context and motion (default: %(default)s)',
        )
    parser.add_argument('--workers', type=_count, default=2, help='processes (default: %(default)s)')
    return parser.parse_args(argv)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f'{text!r} must be a whole number of at least 0')
    return int(text)


def main() -> None:
    args = parse_args()
    begun = time.monotonic()
    try:
        write_controlled_set(
            args.out,
            level=args.level,
            train_per_cell=args.train,
            val_per_cell=args.val,
            test_per_cell=args.test,
            seed=args.seed,
            workers=args.workers,
        )
    except (OSError, ValueError, VideoError) as error:
        sys.exit(str(error))
    print(f'{time.monotonic() - begun:.0f} s')


if __name__ == '__main__':
    main()
