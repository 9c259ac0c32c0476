"""The demo's table and report.html, from the results of its steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup
from mmaction.registry import DATASETS, MODELS

from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.logs import read_curves
from cmvl_mm.evaluation.comparison import Comparison
from cmvl_mm.evaluation.features import Features
from cmvl_mm.visualization.figures import Curve, Panel, draw_curves
from cmvl_mm.visualization.gallery import gallery_rows, html_gallery
from cmvl_mm.visualization.overlay import SAYS, draw_sample
from cmvl_mm.visualization.report import html_figure, html_says, html_table, write_report
from cmvl_mm.visualization.traced import traced_sample
from cmvl_mm.workflows.step_times import StepTimes

if TYPE_CHECKING:
    from demo import VideoSet

PRETRAIN = Path(__file__).resolve().parents[1] / 'configs/demo/pretrain.py'
Results = Sequence[tuple[str, str, Sequence[Comparison]]]  # of two systems: their names, and figures of both
FIGURES_SAY = (
    'R@1: share of test videos whose nearest training video has their label. top-1: share of test videos whose highest '
    'score is their class. All figures in percent; the difference is paired, video by video, and "within noise" means '
    'that its 95 % interval contains 0. One seed: the intervals do not include the spread over seeds.'
)
CURVES_SAY = (
    'Training losses (in nats, per batch) and how often the pretext tasks are solved, in percent of one batch. Dotted '
    'lines are chance. For motion, chance is one of all points of all windows of the batch, below 0.1 %.'
)


def result_table(results: Results) -> list[list[str]]:
    """Every figure with chance, both systems, difference and verdict; a header above each pair of systems."""
    rows = []
    for first, second, comparisons in results:
        rows.append(['%', 'chance', first, second, 'difference', ''])
        rows += [comparison.row() for comparison in comparisons]
    return rows


def warnings_of(results: Results) -> list[str]:
    """A sentence for every difference that is not significant."""
    return [
        sentence
        for first, second, comparisons in results
        for comparison in comparisons
        if (sentence := comparison.sentence(first, second)) is not None
    ]


def write_page(
    videos: 'VideoSet', counts: str | None, work_dir: Path, results: Results, found: Features, times: StepTimes
) -> Path:
    """Write report.html: the table with counts, curves, a training sample, the retrieval gallery, and the times."""
    sections = {
        'Result': _results(videos, counts, results),
        'Curves': [html_figure(curves(work_dir, videos), CURVES_SAY)],
        'What a training sample looks like': [html_figure(sample_figure(videos), SAYS)],
        'Retrieval by the pretrained network': _gallery(videos, found),
        'Cost': [
            html_table([['step', 'minutes'], *([name, f'{spent:.1f}'] for name, spent in times.minutes.items()),
                        ['all', f'{times.total:.1f}']]),
            html_says('Minutes until each step was first done, stopped runs included.'),
        ],
    }  # fmt: skip
    write_report(work_dir / 'report.html', 'cmvl_mm demo', sections)
    return work_dir / 'report.html'


def labels_of(found: Features, lists: tuple[Path, Path]) -> np.ndarray:
    """(n,) labels from the lists of one kind, in the order of the features."""
    by_path = {entry.path: entry.label for file in lists for entry in read_list(file, 'required')}
    return np.array([by_path[str(path)] for path in found.paths])


def _results(videos: 'VideoSet', counts: str | None, results: Results) -> list[Markup]:
    if counts is None:
        return [html_says(f'{len(read_list(videos.train, "optional"))} videos without labels: pretraining only.')]
    tables = [html_table(result_table([one])) for one in results]
    return [html_says(counts), *tables, html_says(FIGURES_SAY), *map(html_says, warnings_of(results))]


def _gallery(videos: 'VideoSet', found: Features) -> list[Markup]:
    kind = videos.finetune_kind
    if kind is None:
        says = 'Videos, evenly over the list, and the five others with the most similar features, nearest first.'
        return [html_says(says), html_gallery(gallery_rows(found), videos.root)]
    labels = labels_of(found, videos.lists[kind])
    says = (
        f'Test videos and their five nearest training videos, nearest first. A green frame has the query’s {kind} '
        'label, a dashed red one another; numbers are cosines of the features.'
    )
    file = videos.root / 'classes.txt'
    names = file.read_text().splitlines() if kind == 'class' and file.exists() else None
    return [html_says(says), html_gallery(gallery_rows(found, labels, names), videos.root)]


def curves(work_dir: Path, videos: 'VideoSet') -> Any:
    pretraining = read_curves(work_dir / 'pretrain')
    batch = min(16, len(read_list(videos.train, 'optional')))
    panels = {
        'pretraining losses': Panel(
            [Curve('context', pretraining, 'loss_context'), Curve('motion', pretraining, 'loss_motion')], 'loss, nats'
        ),
        'context task': Panel(
            [Curve('context', pretraining, 'acc_context')], 'clips matched, %', 100, chance=100 / batch
        ),
        'motion task': Panel([Curve('motion', pretraining, 'acc_motion')], 'points predicted, %', 100),
    }
    if videos.lists:
        names = (('from scratch', 'scratch'), ('from pretrained', 'finetune'))
        classes = len({entry.label for entry in read_list(videos.lists[str(videos.finetune_kind)][0], 'required')})
        panels['finetuning loss'] = Panel(
            [Curve(title, read_curves(work_dir / name), 'loss') for title, name in names],
            'loss, nats',
            chance=float(np.log(classes)),
        )
    return draw_curves(panels)


def sample_figure(videos: 'VideoSet') -> Any:
    config = load_config(PRETRAIN)
    arguments = config.train_dataloader.dataset
    arguments.ann_file, arguments.data_prefix.video = str(videos.train), str(videos.root)
    sample = traced_sample(DATASETS.build(arguments), SampleIndex(0))
    preprocessor = MODELS.build(config.model.data_preprocessor)
    maps = preprocessor(compressed_collate([sample.packed]))['inputs']['motion'][0] * preprocessor.motion_clamp
    return draw_sample(sample, sample.packed['inputs'], maps)
