"""Write model_zoo.md, model-index.yml and configs/metafile.yml from docstrings, configs/results.yml and the manifest.

    python tools/make_model_zoo.py            # write them
    python tools/make_model_zoo.py --check    # fail if they are not what it would write

A docstring opens with a title and may hold the fields `Paper:`, `Protocol:`, `Cost:`. A result holds a config, the
measured figures, and their origin (commit, date, device). A config without a result is listed as "not run", or with a
link to EVIDENCE.md or RIVALS.md. Published weights come from cmvl_mm/zoo/manifest.yml; tools/publish_model.py writes
their entries.
"""

import argparse
import ast
import re
import shlex
import sys
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from cmvl_mm.evaluation.intervals import wilson
from cmvl_mm.evaluation.summary import figures_text
from cmvl_mm.zoo.manifest import Entry as Weights
from cmvl_mm.zoo.manifest import read_manifest

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = 'configs/results.yml'
NOTE = '# Written by tools/make_model_zoo.py; do not edit.\n'
ZOO = 'cmvl_mm/zoo'
RESULT_FIELDS = {'config', 'ours', 'commit', 'date', 'device'}
SECTIONS = (
    ('Pretraining', r'configs/pretrain_'),
    ("Pretraining with motion at the vectors' own resolution: ours, not the paper's", r'configs/fast/'),
    ("Residuals as supervision: ours, the paper's future work", r'configs/residual/'),
    ('Finetuning: Tables 2 and 8', r'configs/finetune_'),
    ('Retrieval: Table 9', r'configs/retrieval_'),
    *(
        (f'Table {number}', rf'configs/ablations/table{number}\b|configs/ablations/table{number}_')
        for number in range(1, 8)
    ),
    ('Other protocols', r'configs/protocols/'),
    ("The authors' released settings", r'configs/released/'),
    ("MMAction2's recognizers on compressed videos", r'configs/mmaction2/'),
    ('Your own videos', r'configs/own/'),
    ("Demo: not the paper's", r'configs/demo/'),
    ('The controlled benchmark: what `make evidence` trains', r'configs/evidence/'),
    ("Rivals: other papers' pretext tasks", r'configs/rivals/'),
    ('Recognisers of compressed video: related work', r'configs/compressed/'),
)
INTRODUCTION = """# Model zoo

Written by `tools/make_model_zoo.py`; do not edit. Every config with the paper's number and ours. "not run": no full run
has been made, because the data sets were not available. Every recipe takes a training or test step in the tests. The
outputs of C3D and R3D-26, with their I-Networks, M-Networks, Transformers and heads, equal those recorded from the
released networks in `tests/golden` within 1e-4; of R(2+1)D-26, keys and shapes are compared. `PAPER.md` says which
settings are printed, released or ours; bin centres for the paper's "sliding window" are ours.
[docs/backbones.md](docs/backbones.md) lists which of MMAction2's backbones can be a V-Network, and for which tasks.

| protocol | what is counted | printed as |
|---|---|---|
| finetune | top-1, the whole network finetuned; 10 bin-centre clips a test video, softmax averaged | percent |
| recognition | top-1 of a stream of compressed video; the middles of 25 segments, scores averaged | percent |
| few_label_N | the same, finetuned on N % of the training list | percent |
| linear | top-1, softmax regression on frozen features; rate chosen on a fifth of the training list | percent |
| knn | top-1 of 20 weighted nearest neighbours of frozen features | percent |
| retrieval_paper | R@k, test list searches training list; 10 bin-centre clips, last stage averaged, cosine | percent |
| retrieval_coclr | the same with all half-overlapping clips, each list centred on its mean | percent |
| retrieval_vcop | the same with the last map max-pooled and flattened instead of averaged | percent |
"""
WEIGHTS = """
## Weights

Use a name wherever a checkpoint is expected: `tools/test.py CONFIG NAME`, `--cfg-options
model.init_cfg.checkpoint=NAME`, `cmvl_mm.hub.load('NAME')`. A file with another SHA-256 is refused. Each command prints
the numbers below it, in percent with 95 % Wilson intervals of n test videos: exactly on the named machine, within
one video on others. These commands make the videos that
`configs/demo` and `configs/evidence` read:

    python tools/demo.py --only-videos
    python tools/make_benchmark.py work_dirs/evidence/basic --level basic --seed 1 --train 9 --val 4 --test 4
    python tools/make_benchmark.py work_dirs/evidence/future --level future --seed 1 --train 9 --val 4 --test 4
    python tools/make_benchmark.py work_dirs/evidence/hard --level hard --seed 1 --train 5 --val 2 --test 2
"""
PUBLIC = """
## Released by others

R(2+1)D-26, the V-Network alone: ModelScope `damo/cv_r2p1d_video_embedding`. Not verified: we did not have the weights.

    python tools/convert_checkpoint.py pytorch_model.pt r2plus1d26.pth
    python tools/test.py configs/retrieval_r2plus1d26_ucf.py r2plus1d26.pth
"""
DEMO_NOTE = """
The same classes at a size that two CPU cores train in minutes, on the controlled set of 8 contexts x 8 motions (576
training, 256 test videos), one seed. In brackets 95 % Wilson intervals, without the spread over seeds. The settings
were chosen on this test split, so its figures are optimistic. Rows older than 2026-11-28 recoloured clips by OpenCV,
whose rounding depends on its release; since then a formula does, and 6 to 12 % of a clip's values differ, mostly by one
level.
"""


class Entry(NamedTuple):
    """Title and fields of a config's docstring."""

    config: str
    title: str
    fields: dict[str, str]


class ZooError(ValueError):
    """A docstring or a result is malformed; the message names the file and the remedy."""


def read_config(config: str) -> Entry:
    """Title and fields of a config's docstring."""
    docstring = ast.get_docstring(ast.parse((REPOSITORY / config).read_text()))
    if not docstring:
        raise ZooError(f'{config}: no docstring. Remedy: write title, commands, then Paper:, Protocol:, Cost:.')
    title = ' '.join(docstring.split('\n\n')[0].split())
    found = re.findall(r'^(Paper|Protocol|Cost): ((?:.+(?:\n    .+)*))', docstring, re.MULTILINE)
    return Entry(config, title.rstrip('.'), {name: ' '.join(value.split()) for name, value in found})


def read_all() -> list[Entry]:
    """Every leaf config, by path."""
    paths = sorted(path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / 'configs').rglob('*.py'))
    return [read_config(path) for path in paths if '/_base_/' not in path]


def read_results(entries: list[Entry]) -> dict[str, list[dict[str, Any]]]:
    """The results of configs/results.yml by config."""
    known = {entry.config for entry in entries}
    by_config: dict[str, list[dict[str, Any]]] = {}
    for result in yaml.safe_load((REPOSITORY / RESULTS).read_text()) or []:
        if set(result) - {'n'} != RESULT_FIELDS:
            raise ZooError(f'{RESULTS}: a result has {sorted(result)}, not {sorted(RESULT_FIELDS)}')
        if result['config'] not in known:
            raise ZooError(f'{RESULTS}: {result["config"]} is not a config')
        by_config.setdefault(result['config'], []).append(result)
    return by_config


def row(entry: Entry, results: list[dict[str, Any]]) -> str:
    """One line of a table."""
    name = entry.config.removeprefix('configs/').removesuffix('.py')
    pages = {'configs/evidence/': 'EVIDENCE.md', 'configs/rivals/evidence/': 'RIVALS.md'}
    page = next((page for folder, page in pages.items() if entry.config.startswith(folder)), None)
    elsewhere = 'not run' if page is None else f'[{page}]({page})'
    ours = '; '.join(with_intervals(result) for result in results) or elsewhere
    verified = '; '.join(f'{result["commit"]}, {result["date"]}, {result["device"]}' for result in results) or '–'
    paper, protocol = (entry.fields.get(field, '–') for field in ('Paper', 'Protocol'))
    return f'| [{name}]({entry.config}) | {entry.title} | {paper} | {ours} | {protocol} | {verified} |\n'


def with_intervals(result: dict[str, Any]) -> str:
    """The measured figures with the number of test videos; percents in braces get their 95 % interval."""
    n = result.get('n')
    if n is None:
        return result['ours']
    return re.sub(r'\{([\d.]+)\}', lambda found: _interval(float(found[1]), n), result['ours']) + f'; n = {n}'


def _interval(percent: float, n: int) -> str:
    low, high = wilson(round(percent * n / 100), n)
    return f'{percent:.1f} ({100 * low:.1f} to {100 * high:.1f})'


def weights_section(published: list[Weights]) -> str:
    """The section on the published weights of the manifest."""
    if not published:
        return f'{WEIGHTS}\nNone yet.\n'
    head = '| name | what | trained by | at commit | seeds | MB | curves | published, tested on |'
    rows = [f'\n{head}\n|---|---|---|---|---|---|---|---|\n']
    for entry in published:
        trained = shlex.join([f'configs/{entry.config}', *entry.options])
        cells = (
            f'`{entry.name}`', entry.what, f'`{trained}`', f'{entry.commit[:10]}{entry.commit[40:]}',
            ', '.join(map(str, entry.seeds)), f'{entry.bytes / 1e6:.2f}', f'[{entry.log}]({ZOO}/{entry.log})',
            f'{entry.date}, {entry.device}',
        )  # fmt: skip
        escaped = ' | '.join(cell.replace('|', '\\|') for cell in cells)
        rows.append(f'| {escaped} |\n')
    return ''.join([WEIGHTS, *rows, *map(weights_entry, published)])


def weights_entry(entry: Weights) -> str:
    """Location and SHA-256 of one entry, and its test commands with their figures."""
    place = {
        entry.file: f'[{ZOO}/{entry.file}]({ZOO}/{entry.file})',
        entry.url: f'<{entry.url}>',
        entry.why: f'no copy is published: {entry.why}',
    }
    place.pop(None, None)
    lines = [f'\n`{entry.name}`: {next(iter(place.values()))}, sha256 `{entry.sha256}`\n']
    for test in entry.tests:
        lines.append(f'\n    {test.command(entry.name)}\n    # {test.protocol}:  {figures_text(test.metrics)}\n')
    return ''.join(lines)


def zoo(entries: list[Entry], results: dict[str, list[dict[str, Any]]], published: list[Weights]) -> str:
    """The text of model_zoo.md."""
    parts, left = [INTRODUCTION, weights_section(published)], list(entries)
    for title, pattern in SECTIONS:
        mine = [entry for entry in left if re.match(pattern, entry.config)]
        left = [entry for entry in left if entry not in mine]
        if mine:
            parts.append(f'\n## {title}\n')
            parts.append(DEMO_NOTE if title.startswith('Demo') else '')
            parts.append('\n| config | what | paper | ours | protocol | verified |\n|---|---|---|---|---|---|\n')
            parts.extend(row(entry, results.get(entry.config, [])) for entry in mine)
    if left:
        raise ZooError(
            f'{left[0].config} is in no section of the zoo. Remedy: add it to SECTIONS in tools/make_model_zoo.py.'
        )
    return ''.join([*parts, PUBLIC])


def dataset(config: str) -> str:
    """The data set of a config, by the config's name."""
    names = {'demo': 'controlled set', 'evidence': 'controlled benchmark', 'k400': 'Kinetics-400', 'hmdb': 'HMDB51'}
    return next((name for part, name in names.items() if part in config), 'UCF101')


def metafile(entries: list[Entry], results: dict[str, list[dict[str, Any]]]) -> str:
    """The text of configs/metafile.yml for OpenMMLab's tools; results in it are ours, never the paper's."""
    collection = {
        'Name': 'CMD',
        'README': 'model_zoo.md',
        'Paper': {
            'URL': 'https://openaccess.thecvf.com/content/CVPR2021/html/Huang_Self-Supervised_Video_Representation_'
            'Learning_by_Context_and_Motion_Decoupling_CVPR_2021_paper.html',
            'Title': 'Self-supervised Video Representation Learning by Context and Motion Decoupling',
        },
    }
    models = [
        {
            'Name': entry.config.removeprefix('configs/').removesuffix('.py').replace('/', '-'),
            'In Collection': 'CMD',
            'Config': entry.config,
            'Metadata': {'Title': entry.title},
            'Results': [
                {
                    'Task': entry.fields.get('Protocol', 'pretraining'),
                    'Dataset': dataset(entry.config),
                    'Metrics': {'as it fell': re.sub('[{}]', '', result['ours'])},
                }
                for result in results.get(entry.config, [])
            ],
        }
        for entry in entries
    ]
    return NOTE + yaml.safe_dump({'Collections': [collection], 'Models': models}, sort_keys=False, allow_unicode=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='write nothing; exit 1 if a file is out of date')
    args = parser.parse_args()
    entries = read_all()
    results = read_results(entries)
    stale = []
    published = list(read_manifest(REPOSITORY / ZOO).values())
    for name, text in (
        ('model_zoo.md', zoo(entries, results, published)),
        ('configs/metafile.yml', metafile(entries, results)),
        ('model-index.yml', NOTE + yaml.safe_dump({'Import': ['configs/metafile.yml']})),
    ):
        path = REPOSITORY / name
        if args.check:
            stale += [name] if not path.exists() or path.read_text() != text else []
        else:
            path.write_text(text)
            print(f'{name}: {len(entries)} configs, {len(results)} with results, {len(published)} published weights')
    if stale:
        sys.exit(f'{", ".join(stale)}: out of date. Remedy: run python tools/make_model_zoo.py')


if __name__ == '__main__':
    main()
