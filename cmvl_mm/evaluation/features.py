"""The features of a test run as arrays, in memory and as an .npz file."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cmvl_mm.files.archive import require_stored
from cmvl_mm.files.atomic import atomic_write

from .flags import as_flags


class Features(NamedTuple):
    """One row per video, in the order of the lists; `labels` is -1 if a video has none."""

    features: np.ndarray  # (n, C) float32
    labels: np.ndarray  # (n,) int64
    is_query: np.ndarray  # (n,) bool
    paths: np.ndarray  # (n,) str
    scores: np.ndarray | None = None  # (n, classes) float32, for models with a classifier


class LabelledSets(NamedTuple):
    """The two sets of a search or a probe: training list and test list."""

    gallery: np.ndarray  # (g, C)
    gallery_labels: np.ndarray  # (g,)
    query: np.ndarray  # (q, C)
    query_labels: np.ndarray  # (q,)


def pack_result(data_sample: dict[str, Any]) -> dict[str, Any]:
    """The kept part of one prediction, which is small and can be pickled between processes."""
    label, scores = data_sample.get('gt_label'), data_sample.get('pred_score')
    return dict(
        features=np.asarray(data_sample['feature'].cpu(), dtype=np.float32),
        label=-1 if label is None else int(label),
        is_query=bool(as_flags(data_sample['is_query'])),
        sample_idx=int(data_sample['sample_idx']),
        source=data_sample.get('source'),
        path=data_sample['path'],
        scores=None if scores is None else np.asarray(scores.cpu(), dtype=np.float32),
    )


def collect(results: Sequence[dict[str, Any]]) -> Features:
    """Results of all processes -> arrays; the padding duplicates of a distributed test are dropped.

    The path is part of the key, as two parts of one list have equal positions.
    """
    order: dict[Any, int] = {}
    for result in results:
        order.setdefault(result.get('source'), len(order))
    unique = {(r['is_query'], order[r.get('source')], r['sample_idx'], r['path']): r for r in results}
    rows = [unique[key] for key in sorted(unique)]
    return Features(
        features=np.stack([row['features'] for row in rows]),
        labels=np.array([row['label'] for row in rows], dtype=np.int64),
        is_query=np.array([row['is_query'] for row in rows]),
        paths=np.array([row['path'] for row in rows]),
        scores=None if rows[0]['scores'] is None else np.stack([row['scores'] for row in rows]),
    )


NO_DIRECTION = 'its feature is zero or not finite'


def require_directions(features: np.ndarray, paths: np.ndarray) -> None:
    """Refuse features that have no cosine; the message names the video's path.

    Args:
        features: (n, C).
        paths: (n,) paths of their videos.

    Raises:
        ValueError: a feature is zero or not finite.
    """
    wrong = ~np.isfinite(features).all(axis=1) | ~features.any(axis=1)
    if wrong.any():
        raise ValueError(
            f'{paths[wrong][0]}: {NO_DIRECTION}; {wrong.sum()} of {len(wrong)} videos have such a feature. '
            'Remedy: remove these videos; if there are many, test a checkpoint whose training did not diverge.'
        )


def labelled_sets(found: Features) -> LabelledSets:
    """Gallery and queries of a test with `RetrievalDataset`.

    Raises:
        ValueError: a video has no label, one of the sets is empty, or a flag is neither True nor False.
    """
    if (found.labels < 0).any():
        raise ValueError(
            f'{found.paths[found.labels < 0][0]}: this video has no label. Remedy: use a list with labels.'
        )
    query = as_flags(found.is_query)
    gallery = ~query
    if not query.any() or not gallery.any():
        raise ValueError(
            f'retrieval needs queries and a gallery, not {query.sum()} and {gallery.sum()} videos. '
            "Remedy: set test_dataloader.dataset=dict(type='RetrievalDataset', gallery=…, query=…)."
        )
    return LabelledSets(found.features[gallery], found.labels[gallery], found.features[query], found.labels[query])


def save_features(features: Features, path: str | Path) -> None:
    """Write the arrays under their names, `scores` only if there are any. The file is written atomically.

    Raises:
        FeaturesError: the file cannot be written; no partial file remains.
    """
    path = Path(path)
    arrays = {name: array for name, array in features._asdict().items() if array is not None}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary, open(temporary, 'wb') as file:
            np.savez(file, **arrays)
    except OSError as error:
        raise FeaturesError(_unwritable(path, error, sum(array.nbytes for array in arrays.values()))) from error


def size_on_disk(result: dict[str, Any], videos: int) -> int:
    """Approximate file size, in bytes, of the features of this many videos like this one."""
    scores = result['scores']
    values = result['features'].size + (0 if scores is None else scores.size)
    return 4096 + videos * (4 * values + 4 * len(result['path']) + 9)


def require_room(path: str | Path, size: int) -> None:
    """Make the folder, and write and remove a file of `size` bytes in it, as a test for `save_features`.

    Raises:
        FeaturesError: this fails; the message gives path, reason and remedy.
    """
    path = Path(path)
    probe = path.with_name(f'{path.name}.{os.getpid()}.probe')
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, 'It is a folder')
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(probe, 'wb') as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        raise FeaturesError(_unwritable(path, error, size)) from error
    finally:
        with suppress(OSError):
            probe.unlink()


def _unwritable(path: Path, error: OSError, size: int) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    remedy = 'free space, or raise the limit' if full else 'name a file in a folder where this user may write'
    return (
        f'{path}: features cannot be written here: {error.strerror or error}. '
        f'{max(size, 1) / 1e6:.1f} MB are needed. Remedy: {remedy}; or choose another --dump-features.'
    )


class FeaturesError(ValueError):
    """A file does not hold the features of a test, or cannot be written; the message has path and remedy."""


def load_features(path: str | Path) -> Features:
    """Read a file of `save_features`; nothing in the file is ever run.

    Raises:
        FileNotFoundError: there is no such file.
        FeaturesError: the file is of another kind, or damaged.
    """
    with _reporting(path):
        require_stored(path)
        with np.load(path, allow_pickle=False) as arrays:
            return _checked({name: arrays[name] for name in arrays.files})


def _checked(arrays: dict[str, np.ndarray]) -> Features:
    """The arrays of a file as `Features`; flags that are 0 and 1 become False and True.

    Raises:
        ValueError: an array is missing, unknown, of another kind, or of another length.
    """
    missing = {'features', 'labels', 'is_query', 'paths'} - arrays.keys()
    unknown = arrays.keys() - set(Features._fields)
    if missing or unknown:
        raise ValueError(f'missing arrays: {sorted(missing)}, unknown arrays: {sorted(unknown)}')
    shape = arrays['features'].shape
    for name, kinds in dict(features='f', labels='iu', is_query='biu', paths='U', scores='f').items():
        array = arrays.get(name)
        if array is None:
            continue
        dimensions = 2 if name in ('features', 'scores') else 1
        if array.dtype.kind not in kinds or array.ndim != dimensions or len(array) != shape[0]:
            raise ValueError(f'{name} is {array.dtype} {array.shape}, which does not fit features of {shape}')
    flags = arrays['is_query']
    if not np.isin(flags, (0, 1)).all():
        raise ValueError('is_query has values other than True and False')
    return Features(**arrays | dict(is_query=flags.astype(bool)))


def open_rows(path: str | Path) -> np.ndarray:
    """Open an .npy file of numbers, (n, C), as a memory map; nothing in it is ever run.

    Raises:
        FileNotFoundError: there is no such file.
        FeaturesError: the file is of another kind, or damaged.
    """
    with _reporting(path):
        rows = np.load(path, mmap_mode='r', allow_pickle=False)
        if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.dtype.kind not in 'fiu':
            raise ValueError(f'the file has {getattr(rows, "dtype", type(rows).__name__)}, not one table of numbers')
        return rows


@contextmanager
def _reporting(path: str | Path) -> Iterator[None]:
    """Convert the exceptions of zipfile and NumPy to `FeaturesError`."""
    try:
        yield
    except FileNotFoundError:
        raise FileNotFoundError(
            f'{path}: there is no such file. Remedy: check the name; tools/test.py --dump-features and numpy.save '
            'write such files.'
        ) from None
    except OSError as error:
        raise FeaturesError(
            f'{path}: cannot be read: {error.strerror or error}. Remedy: choose a file that this user may read.'
        ) from error
    except Exception as error:
        raise FeaturesError(
            f'{path}: the file has no readable features ({type(error).__name__}: {error}). '
            'Remedy: write it again, with tools/test.py --dump-features or numpy.save of an array of numbers.'
        ) from error
