"""Read-outs on real video: falls and daily activities acted by four people (GMDCSA24, 23 clips), by person.

    python evidence/real_video.py FOLDER --seeds 3        # FOLDER/{fall,adl}/SubjectN_*.mp4

The networks come from the controlled benchmark and never saw a real frame. Retrieval, neighbours and probe: each clip
is a query against, or is classified by, the clips of the other three people, all 23 in turn. Finetuning: one and four
labels per class from persons 1, 2 and 4; the test is person 3's ten clips. So few clips prove little: EVIDENCE.md has
the intervals.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import numpy as np
from few_labels import config_of, finetune
from mmengine.config import Config
from rows import BY_NAME, CONFIGS, WORK, Row, folder
from run import config_with, run, with_options
from store import digest, is_done, result, save
from trainings import trainings_of, trainings_of_start

from cmvl_mm.datasets.annotation import Entry
from cmvl_mm.evaluation.features import Features, load_features
from cmvl_mm.evaluation.knn import knn_predict
from cmvl_mm.evaluation.linear_probe import sweep
from cmvl_mm.evaluation.retrieval import recall_at

CLASSES = ('adl', 'fall')
TEST_PERSON = 'Subject3'
STARTS = ('random', 'iframes', 'motion_vectors', 'both')
NEIGHBOURS, TEMPERATURE = 5, 0.07
PROBE_LRS, PROBE_STEPS = (0.03, 0.1, 0.3, 1.0), 100
LR = 0.001  # the middle of the rates tuned on the benchmark; nothing is tuned here
CLIPS, TEST_CLIPS = 23, 10
FALLS = WORK / 'falls'


def person(path: str) -> str:
    """'fall/Subject3_15.mp4' -> 'Subject3'."""
    return Path(path).name.partition('_')[0]


def by_person(found: Features) -> dict[str, float]:
    """Every clip against the clips of the other people, in percent of all clips."""
    persons = np.array([person(str(path)) for path in found.paths])
    hits: dict[str, list[np.ndarray]] = {'R@1': [], 'kNN': [], 'probe': []}
    for who in np.unique(persons):
        own = persons == who
        query, truth = found.features[own], found.labels[own]
        gallery, labels = found.features[~own], found.labels[~own]
        share = recall_at(query, truth, gallery, labels, (1,))[1] / 100
        hits['R@1'].append(np.full(own.sum(), share))
        hits['kNN'].append(knn_predict(query, gallery, labels, NEIGHBOURS, TEMPERATURE) == truth)
        hits['probe'].append(sweep(gallery, labels, query, PROBE_LRS, PROBE_STEPS).predicted == truth)
    return {name: 100 * float(np.concatenate(values).mean()) for name, values in hits.items()}


def wilson(share: float, count: int) -> tuple[float, float]:
    """95 % interval of a share of `count` independent trials (Wilson 1927), in percent; `share` in percent."""
    z, p = 1.959964, share / 100
    centre, half = p + z * z / (2 * count), z * sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return 100 * (centre - half) / (1 + z * z / count), 100 * (centre + half) / (1 + z * z / count)


def prepare(videos: Path) -> Path:
    """Re-encode the clips and write lists: all clips, and persons 1, 2, 4 against 3."""
    root = FALLS
    run('prepare_falls', ['tools/prepare_videos.py', videos, root / 'videos', '--profile', 'small'])
    entries = [
        Entry(f'videos/{name}/{path.name}', label)
        for label, name in enumerate(CLASSES)
        for path in sorted((root / 'videos' / name).glob('*.mp4'))
    ]
    if len(entries) != CLIPS:
        sys.exit(
            f'{videos}: {len(entries)} clips, but the intervals need {CLIPS}. Remedy: pass the folder of GMDCSA24.'
        )
    parts = {
        'all': entries,
        'train': [entry for entry in entries if person(entry.path) != TEST_PERSON],
        'test': [entry for entry in entries if person(entry.path) == TEST_PERSON],
    }
    (root / 'annotations').mkdir(exist_ok=True)
    for name, part in parts.items():
        lines = ''.join(f'{entry.path} {entry.label}\n' for entry in part)
        (root / 'annotations' / f'{name}_fall.txt').write_text(lines)
    return root


def read_out_name(row: Row) -> str:
    """Name of the result of a row's read-out on these clips."""
    return f'falls_{row.name}'


def options_of_read_out(row: Row, root: Path) -> list[str]:
    """`--cfg-options` of the test that dumps the features of all clips."""
    lists = [f'test_dataloader.dataset.{key}={root}/annotations/all_fall.txt' for key in ('gallery', 'query')]
    weights = [] if row.has_weights else ['model.init_cfg=None']
    return [*lists, f'test_dataloader.dataset.data_prefix.video={root}', *weights]


def settings_of_read_out(row: Row, seed: int, root: Path) -> str:
    """Digest of the read-out's config and of the trainings of the row."""
    test = config_with(CONFIGS / 'retrieval.py', options_of_read_out(row, root))
    return digest(test, *trainings_of(row, seed))


def read_out(row: Row, seed: int, root: Path) -> None:
    """Read out the frozen features of one start."""
    tested = WORK / 'tests' / f'{read_out_name(row)}_{seed}'
    begun = time.monotonic()
    command = [
        'tools/test.py', CONFIGS / 'retrieval.py', *([folder(row.name, seed)] if row.has_weights else []),
        '--work-dir', tested, '--seed', seed, '--dump-features', tested / 'features.npz',
        *with_options(options_of_read_out(row, root)),
    ]  # fmt: skip
    run(f'{read_out_name(row)}_{seed}', command)
    found = load_features(tested / 'features.npz')
    queries = Features(*(None if part is None else part[found.is_query] for part in found))
    minutes = (time.monotonic() - begun) / 60
    settings = settings_of_read_out(row, seed, root)
    save(result(read_out_name(row), seed, 'test', by_person(queries), minutes, settings))


def finetunings(start: str, seed: int) -> dict[str, Config]:
    """Finetunings by name, with one and four labels per class."""
    return {
        f'few_{start}_fall_{shots}': config_of(
            start, 'fall', shots, lr=LR, seed=seed, weights=seed, split='test', level='falls'
        )
        for shots in (1, 4)
    }


def wanted_weights(seeds: Sequence[int], root: Path) -> set[tuple[str, int]]:
    """Row and seed of the trainings from which a read-out or finetuning without a published result starts."""
    wanted = set()
    for seed in seeds:
        for row in STARTS[1:]:
            settings = {read_out_name(BY_NAME[row]): settings_of_read_out(BY_NAME[row], seed, root)}
            trainings = trainings_of_start(row, seed)
            settings |= {name: digest(config, *trainings) for name, config in finetunings(row, seed).items()}
            if not all(is_done(name, seed, 'test', found, published=True) for name, found in settings.items()):
                wanted.add((row, seed))
    return wanted


def main() -> None:
    args = parse_args()
    root = prepare(args.videos)
    for seed in range(args.seeds):
        for row in map(BY_NAME.__getitem__, STARTS):
            settings = settings_of_read_out(row, seed, root)
            if not is_done(read_out_name(row), seed, 'test', settings, published=args.missing):
                read_out(row, seed, root)
        for start in ('scratch', *STARTS[1:]):
            for name, config in finetunings(start, seed).items():
                settings = digest(config, *trainings_of_start(start, seed))
                if is_done(name, seed, 'test', settings, published=args.missing):
                    continue
                begun = time.monotonic()
                top1 = finetune(config)
                save(result(name, seed, 'test', {'top1': top1}, (time.monotonic() - begun) / 60, settings))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('videos', type=Path)
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--missing', action='store_true', help='skip what evidence/results.json already has')
    return parser.parse_args()


if __name__ == '__main__':
    main()
