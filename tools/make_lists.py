"""Annotation lists of an official split, for prepared videos.

    python tools/make_lists.py ucf101 data/ucf101/ucfTrainTestlist data/ucf101/videos
    python tools/make_lists.py hmdb51 data/hmdb51/testTrainMulti_7030_splits data/hmdb51/videos --split 2

The first folder is the data set's own lists as they were downloaded, the second what prepare_videos.py made. Writes
train_split1.txt, test_split1.txt and classes.txt beside the second; videos that are not there are left out and named.
"""

import argparse
from pathlib import Path

from cmvl_mm.datasets.annotation import Entry
from cmvl_mm.datasets.splits import read_split


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dataset', choices=['ucf101', 'hmdb51'])
    parser.add_argument('lists', type=Path, help="folder of the data set's own lists")
    parser.add_argument('videos', type=Path, help='folder of the prepared videos, Class/name.mp4')
    parser.add_argument('--split', type=int, choices=[1, 2, 3], default=1)
    return parser.parse_args()


def write_part(path: Path, entries: list[Entry], videos: Path) -> list[str]:
    """Write the entries whose video is there; return the names of the others."""
    present = [entry for entry in entries if (videos / f'{entry.path}.mp4').is_file()]
    path.write_text(''.join(f'{entry.path}.mp4 {entry.label}\n' for entry in present))
    print(f'{path}: {len(present)} of {len(entries)} videos')
    return sorted({entry.path for entry in entries} - {entry.path for entry in present})


def main() -> None:
    args = parse_args()
    split = read_split(args.dataset, args.lists, args.split)
    folder = args.videos.parent
    missing = write_part(folder / f'train_split{args.split}.txt', split.train, args.videos)
    missing += write_part(folder / f'test_split{args.split}.txt', split.test, args.videos)
    (folder / 'classes.txt').write_text(''.join(f'{name}\n' for name in split.classes))
    for name in missing[:20]:
        print(f'missing: {args.videos / name}.mp4')
    if missing:
        print(f'{len(missing)} videos are missing. Remedy: see the report of tools/prepare_videos.py.')


if __name__ == '__main__':
    main()
