"""Write an HTML page on a work directory: the run, its test's figures with intervals, curves, and a gallery."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.datasets.class_names import class_names
from cmvl_mm.engine.logs import Row, newest_test, read_curves, read_test, read_validations
from cmvl_mm.evaluation.features import Features, load_features
from cmvl_mm.evaluation.summary import figure_rows, figures_of
from cmvl_mm.publishing.settings import read_literals
from cmvl_mm.visualization.figures import Curve, Panel, draw_curves
from cmvl_mm.visualization.gallery import gallery_rows, html_gallery
from cmvl_mm.visualization.report import html_facts, html_figure, html_says, html_table, write_report

_LOSSES_SAY = (
    'Logged by the training, batch by batch: pale lines as logged, dark lines averaged over neighbouring points. '
    'A batch is small, so its accuracy does not replace a test.'
)
_INTERVALS = 'intervals: 95 %, Wilson, assuming that the videos are independent.'
_NO_COUNT = 'the file does not say how many videos were tested, so there are no intervals.'


class ReportError(ValueError):
    """The folder has nothing to report; the message names path and remedy."""


def report(work_dir: str | Path, out: str | Path) -> Path:
    """Write one self-contained HTML file on a work directory.

    The page has the run's config and counts; figures of the newest test in percent, with 95 % intervals if the number
    of test videos is known; curves; and a gallery if there is a file of features (`--dump-features`). It includes tests
    and features of the sub-folder `test`, into which `cmvl finetune` and `cmvl test` write.

    Args:
        work_dir: work directory of a training, a test or both.
        out: path of the HTML file.

    Returns:
        `out`.

    Raises:
        ReportError: the folder does not exist, or no training or test has logged anything there.
        FeaturesError: a file of features is damaged.
        VideoError: a video of the gallery cannot be read.
    """
    work_dir, out = Path(work_dir), Path(out)
    if not work_dir.is_dir():
        raise ReportError(
            f'{work_dir}: there is no such folder. Remedy: pass the work directory of a training or a test.'
        )
    curves, test = read_curves(work_dir), _newest_test(work_dir)
    if not curves and test is None:
        raise ReportError(f'{work_dir}: no log of a training or a test. Remedy: pass the work directory of one.')
    settings = _settings(work_dir)
    sections = {'Run': [html_facts(_run_rows(work_dir, settings, curves))]}
    if test is not None:
        figures = figures_of(_tested(test))
        file = test.relative_to(work_dir).as_posix()
        sections['Test'] = [
            html_table(figure_rows(figures)),
            html_says(f'Figures of {file}; {_INTERVALS if any(f.n for f in figures) else _NO_COUNT}'),
            *(html_says(f'{figure.name}: {figure.says}.') for figure in figures),
        ]
    if curves:
        sections['Curves'] = [html_figure(draw_curves(_panels(curves, settings)), _LOSSES_SAY)]
    if validations := read_validations(work_dir):
        sections['Validations during training'] = [html_table(_validation_rows(validations))]
    features = [path for folder in _folders(work_dir) for path in folder.glob('*.npz')]
    if features:
        newest = max(features, key=_changed)
        sections['Nearest videos'] = _gallery(load_features(newest), newest, settings)
    write_report(out, f'Report on {work_dir.resolve().name}', sections)
    return out


def _folders(work_dir: Path) -> tuple[Path, Path]:
    """Folders into which tests write: for `tools/test.py --work-dir`, and for `cmvl test` and `cmvl finetune`."""
    return work_dir, work_dir / 'test'


def _changed(path: Path) -> float:
    return path.stat().st_mtime


def _newest_test(work_dir: Path) -> Path | None:
    """The file of figures of the newest test; None if no test has finished."""
    found = []
    for folder in _folders(work_dir):
        with suppress(FileNotFoundError):
            found.append(newest_test(folder))
    return max(found, key=_changed, default=None)


def _tested(file: Path) -> dict[str, Any]:
    try:
        return read_test(file.parents[1])
    except ValueError as error:
        raise ReportError(str(error)) from error


def _settings(work_dir: Path) -> dict[str, Any]:
    """Data and classes from the newest run's config, which is read without running it."""
    written = sorted(work_dir.glob('*/vis_data/config.py'))
    wanted = ('train_dataloader', 'test_dataloader', 'train_cfg', 'model')
    return read_literals(written[-1], (), wanted) if written else {}


def _run_rows(work_dir: Path, settings: Mapping[str, Any], curves: list[Row]) -> list[list[str]]:
    configs = sorted(work_dir.glob('*.py'), key=_changed)
    rows = [['config', configs[-1].stem if configs else 'unknown']]
    for part in ('train', 'test'):
        dataset = (settings.get(f'{part}_dataloader') or {}).get('dataset') or {}
        for key in ('ann_file', 'gallery', 'query'):
            if isinstance(dataset.get(key), str):
                rows.append([f'{part} list' if key == 'ann_file' else f'{part}, {key} list', _listed(dataset[key])])
    if curves:
        epochs = (settings.get('train_cfg') or {}).get('max_epochs', '?')
        rows.append(
            ['trained', f'{curves[-1]["step"]:.0f} iterations, {curves[-1].get("epoch", 0):.0f} of {epochs} epochs']
        )
    return rows


def _listed(file: str) -> str:
    try:
        entries = read_list(file, 'optional')
    except (OSError, ValueError):
        return f'{file} (cannot be read)'
    classes = len({entry.label for entry in entries if entry.label is not None})
    return f'{len(entries)} videos, {classes or "no"} classes: {file}'


def _panels(curves: list[Row], settings: Mapping[str, Any]) -> dict[str, Panel]:
    """A panel for each kind of key; chance is 1 / batch size (context task) or 1 / number of classes."""
    keys = sorted({key for row in curves for key in row})
    head = (settings.get('model') or {}).get('cls_head') or {}
    choices = dict(
        acc_context=(settings.get('train_dataloader') or {}).get('batch_size'), acc_cls=head.get('num_classes')
    )
    panels = {}
    if losses := [key for key in keys if key.startswith('loss')]:
        panels['losses'] = Panel([Curve(key, curves, key) for key in losses], 'loss, nats')
    for key in keys:
        if key.startswith('acc') or key.endswith('_acc'):
            number = choices.get(key)
            chance = 100 / number if isinstance(number, int) else None
            panels[f'{key}, on a training batch'] = Panel([Curve(key, curves, key)], 'solved, %', 100, chance)
    if 'lr' in keys:
        panels['learning rate'] = Panel([Curve('lr', curves, 'lr')], 'learning rate')
    return panels


def _validation_rows(validations: Mapping[int, Row]) -> list[list[str]]:
    rows: list[list[str]] = [['epoch', 'figure', '%', '95 % interval', 'test videos']]
    for epoch, row in sorted(validations.items()):
        figures = figures_of({name: value for name, value in row.items() if '/' in name})
        rows += [[str(epoch), *cells] for cells in figure_rows(figures)[1:]]
    return rows


def _class_names(found: Features, dataset: Mapping[str, Any]) -> Sequence[str] | None:
    """Class names from `classes.txt` next to the test list; None without this file or if it lacks a class."""
    file = dataset.get('ann_file') or dataset.get('gallery')
    if not isinstance(file, str):
        return None
    labels = np.asarray(found.labels)
    return None if (labels < 0).any() else class_names(Path(file).with_name('classes.txt'), labels).get('classes')


def _gallery(found: Features, file: Path, settings: Mapping[str, Any]) -> list[Markup]:
    dataset = (settings.get('test_dataloader') or {}).get('dataset') or {}
    root = Path((dataset.get('data_prefix') or {}).get('video', '.'))
    labelled = bool((found.labels >= 0).all())
    rows = gallery_rows(found, found.labels if labelled else None, _class_names(found, dataset) if labelled else None)
    missing = [tile.path for row in rows for tile in row if not (root / tile.path).is_file()]
    if missing:
        return [html_says(f'{file.name} is here, but some of its videos are not below {root}, such as {missing[0]}.')]
    says = (
        f'Videos of {file.name} and those with the most similar features, nearest first; numbers are cosines. A green '
        'frame marks the class of the first video in the row, a dashed red frame another class.'
    )
    return [html_says(says), html_gallery(rows, root)]
