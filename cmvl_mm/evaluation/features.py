"""The features of a test run as arrays, in memory and as an .npz file."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cmvl_mm.models.archive import require_stored


class Features(NamedTuple):
    """One row per video, in the order of the lists; `labels` is -1 where a video has none."""

    features: np.ndarray  # (n, C) float32
    labels: np.ndarray  # (n,) int64
    is_query: np.ndarray  # (n,) bool
    paths: np.ndarray  # (n,) str
    scores: np.ndarray | None = None  # (n, classes) float32, of models with a classifier


class LabelledSets(NamedTuple):
    """The two sides of a search or a probe: training list and test list."""

    gallery: np.ndarray  # (g, C)
    gallery_labels: np.ndarray  # (g,)
    query: np.ndarray  # (q, C)
    query_labels: np.ndarray  # (q,)


def pack_result(data_sample: dict[str, Any]) -> dict[str, Any]:
    """What is kept of one prediction: small, and picklable between processes."""
    label, scores = data_sample.get('gt_label'), data_sample.get('pred_score')
    return dict(
        features=np.asarray(data_sample['feature'].cpu(), dtype=np.float32),
        label=-1 if label is None else int(label),
        is_query=bool(data_sample['is_query']),
        sample_idx=int(data_sample['sample_idx']),
        path=data_sample['path'],
        scores=None if scores is None else np.asarray(scores.cpu(), dtype=np.float32),
    )


def collect(results: Sequence[dict[str, Any]]) -> Features:
    """Results of all processes -> arrays; the duplicates that pad a distributed test are dropped."""
    unique = {(result['is_query'], result['sample_idx']): result for result in results}
    rows = [unique[key] for key in sorted(unique)]
    return Features(
        features=np.stack([row['features'] for row in rows]),
        labels=np.array([row['label'] for row in rows], dtype=np.int64),
        is_query=np.array([row['is_query'] for row in rows]),
        paths=np.array([row['path'] for row in rows]),
        scores=None if rows[0]['scores'] is None else np.stack([row['scores'] for row in rows]),
    )


def labelled_sets(found: Features) -> LabelledSets:
    """Gallery and queries of a run through `RetrievalDataset`.

    Raises:
        ValueError: a video has no label, or one of the sets is empty.
    """
    if (found.labels < 0).any():
        raise ValueError(f'{found.paths[found.labels < 0][0]}: retrieval needs labels. Remedy: a labelled list.')
    query, gallery = found.is_query, ~found.is_query
    if not query.any() or not gallery.any():
        raise ValueError(
            f'retrieval needs queries and a gallery, not {query.sum()} and {gallery.sum()} videos. '
            "Remedy: test_dataloader.dataset=dict(type='RetrievalDataset', gallery=…, query=…)."
        )
    return LabelledSets(found.features[gallery], found.labels[gallery], found.features[query], found.labels[query])


def save_features(features: Features, path: str | Path) -> None:
    """Write the arrays under their names, `scores` only where there are any; the file appears whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'{path.name}.{os.getpid()}.tmp')
    with open(temporary, 'wb') as file:
        np.savez(file, **{name: array for name, array in features._asdict().items() if array is not None})
    os.replace(temporary, path)


class FeaturesError(ValueError):
    """A file that does not hold the features of a test run; the message names it and the remedy."""


def load_features(path: str | Path) -> Features:
    """Read what `save_features` wrote; nothing in the file is ever run.

    Raises:
        FileNotFoundError: there is no such file.
        FeaturesError: it is another kind of file, or a damaged one.
    """
    with _reporting(path):
        require_stored(path)
        with np.load(path, allow_pickle=False) as arrays:
            return Features(**{name: arrays[name] for name in arrays.files})


def open_rows(path: str | Path) -> np.ndarray:
    """An .npy file of numbers, (n, C), of which only what is looked at is read; nothing in it is ever run.

    Raises:
        FileNotFoundError: there is no such file.
        FeaturesError: it is another kind of file, or a damaged one.
    """
    with _reporting(path):
        rows = np.load(path, mmap_mode='r', allow_pickle=False)
        if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.dtype.kind not in 'fiu':
            raise ValueError(f'it holds {getattr(rows, "dtype", type(rows).__name__)}, not one table of numbers')
        return rows


@contextmanager
def _reporting(path: str | Path) -> Iterator[None]:
    """Turn whatever zipfile and NumPy raise into `FeaturesError`."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        raise FeaturesError(
            f'{path}: no features that can be read ({type(error).__name__}: {error}). '
            'Remedy: write the file again, with tools/test.py --dump-features or numpy.save of an array of numbers.'
        ) from error
