"""A model card: what a published network is, its figures in each test, and code that uses it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from huggingface_hub import EvalResult, ModelCardData

from cmvl_mm.evaluation.summary import Figure, figures_of

from .folder import WEIGHTS, Folder


class Measured(NamedTuple):
    """The figures of one test of the weights."""

    protocol: str
    """Protocol of the test, such as 'retrieval_paper, with 4 clips'."""
    data: str
    """Data of the test."""
    metrics: Mapping[str, float]
    """Contents of the test's file, with the number of videos: `{'finetune/top1': 0.875, 'videos': 40}`."""

    @property
    def figures(self) -> list[Figure]:
        """The figures in percent, with intervals if the number of videos is known."""
        return figures_of(self.metrics)


class About(NamedTuple):
    """The texts of a card that config.json does not have."""

    name: str
    what: str
    """One sentence: which network, trained for how long and on what."""
    license: str
    """SPDX identifier in lower case, such as 'apache-2.0'."""
    caution: str | None = None
    """What a user should know before using the network."""
    measured: Sequence[Measured] = ()


def card_text(about: About, folder: Folder, repo_id: str) -> str:
    """README.md of a repository: front matter in YAML, then Markdown."""
    return f'---\n{_front_matter(about, folder).to_yaml()}\n---\n\n{_body(about, folder, repo_id)}'


def _front_matter(about: About, folder: Folder) -> ModelCardData:
    classifies = folder.model.get('cls_head') is not None
    results = [
        EvalResult(
            task_type='video-classification' if classifies else 'feature-extraction',
            dataset_type=_identifier(test.data),
            dataset_name=test.data,
            metric_type=figure.name,
            metric_value=figure.percent,
            metric_name=f'{figure.name}, percent',
            metric_args=dict(protocol=test.protocol, n=figure.n),
        )
        for test in about.measured
        for figure in test.figures
    ]
    named: dict[str, Any] = dict(model_name=about.name, eval_results=results) if results else {}
    return ModelCardData(
        license=about.license,
        library_name='cmvl_mm',
        pipeline_tag='video-classification' if classifies else 'feature-extraction',
        tags=['video', 'motion-vectors', 'compressed-video', 'self-supervised', 'pytorch'],
        metrics=sorted({figure.name for test in about.measured for figure in test.figures}) or None,
        **named,
    )


def _identifier(text: str) -> str:
    return '-'.join(''.join(c if c.isalnum() else ' ' for c in text.lower()).split())


def _body(about: About, folder: Folder, repo_id: str) -> str:
    clips = folder.clips
    gives = 'Class scores of videos' if folder.model.get('cls_head') is not None else 'Feature vectors of videos'
    lines = [
        f'# {about.name}',
        '',
        f'{about.what}.',
        '',
        *([f'> **Note.** {about.caution}', ''] if about.caution else []),
        f'{gives}, for `cmvl_mm`. A clip has {clips.clip_len} frames, every '
        f'{_ordinal(clips.frame_interval)} frame of the video, and {clips.size}x{clips.size} pixels; a video has '
        f'{clips.num_clips} clips, whose outputs are averaged.',
        '',
        '## Use',
        '',
        '```python',
        'from huggingface_hub import snapshot_download',
        '',
        'from cmvl_mm.inference import ContextMotionInferencer',
        '',
        f'folder = snapshot_download({repo_id!r})',
        'infer = ContextMotionInferencer(folder)',
        "found = infer('video.mp4')['predictions']",
        '```',
        '',
        'In your own loop:',
        '',
        '```python',
        'from cmvl_mm import hub',
        '',
        f'model = hub.load(folder, sha256={folder.sha256!r})',
        'features = model.extract_feat(clips)  # (N, 3, T, H, W), normalised -> (N, C)',
        '```',
        '',
        '## Results',
        '',
        *_results(about.measured),
        '',
        *_classes(folder.classes),
        '## Files',
        '',
        f'`{WEIGHTS}`, SHA-256 `{folder.sha256}`; `config.json`, which is plain data. Loading runs no code of either.',
    ]
    return '\n'.join(lines) + '\n'


def _results(measured: Sequence[Measured]) -> list[str]:
    if not measured:
        return ['None were published.']
    lines = ['| data | protocol | metric | percent (95 % interval) | videos (n) |', '|---|---|---|---|---:|']
    for test in measured:
        for figure in test.figures:
            count = 'not recorded' if figure.n is None else str(figure.n)
            ends = '' if figure.interval is None else f' ({figure.interval[0]:.1f} to {figure.interval[1]:.1f})'
            shown = f'{figure.percent:.1f}{ends}'
            lines.append(f'| {test.data} | {test.protocol} | {figure.name} | {shown} | {count} |')
    return lines


def _classes(classes: Sequence[str] | None) -> list[str]:
    if classes is None:
        return []
    return ['## Classes', '', ', '.join(f'{label}: {name}' for label, name in enumerate(classes)) + '.', '']


def _ordinal(number: int) -> str:
    """'2nd'."""
    endings = {1: 'st', 2: 'nd', 3: 'rd'}
    return f'{number}{"th" if number % 100 in (11, 12, 13) else endings.get(number % 10, "th")}'
