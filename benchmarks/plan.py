"""The cost of a number of clips on many machines, from measured rates: the tables of docs/planning.md.

    python benchmarks/plan.py                 # writes them there, for a billion clips
    python benchmarks/plan.py --clips 1e6     # prints those of a million

Rates are read from benchmarks/RESULTS.md; rates that the page lacks are below, with the data they were measured on. All
other values, above all prices, are assumptions and marked as such.
"""

import argparse
from dataclasses import dataclass
from textwrap import fill

from results_page import REPOSITORY, RESULTS, rates_of

PAGE = REPOSITORY / 'docs/planning.md'
BEGIN, END = '<!-- from benchmarks/plan.py -->\n', '<!-- end -->\n'

CLIP_FRAMES = 300
"""Assumed: ten seconds with 30 frames per second."""
EPOCHS = 10
"""Assumed. The paper's 120 epochs are for data sets a thousand times smaller."""
CORE_HOUR, GPU_HOUR, TERABYTE_MONTH = 0.04, 2.50, 20.0
"""Assumed prices in dollars: spot cores, a rented H100, an object store."""
DIMENSIONS, SEARCHED = 512, 2048
"""Dimensions of a feature (R3D-26, C3D pooled), and of the features in benchmarks/retrieval.py."""

PREPARED_EASY, PREPARED_HARD = 3205.0, 256.0
"""Frames per CPU second that `reencode` writes with the profile `small`, including verification: for 3 clips of UCF101
(MPEG-4, 320x240), and for 4 videos filmed at 640x480 and 1280x720 in H.264. Measured 2026-11-29, at load 8."""
SOURCE_BYTES, PREPARED_BYTES = 29_101, 1_366
"""Bytes per frame of the same 4 videos, before and after."""
GPU_RATE = 192.0
"""Clips per second of a pretraining step of R3D-26 on one H100; evidence/FINDINGS.md, "Full size"."""
LIST_BYTES, LINE_BYTES, OPEN_SECONDS = 33, 12, 1.95
"""Bytes of a line in the list's file and in memory, and seconds to open ten million lines; benchmarks/long_lists.py."""


@dataclass(frozen=True)
class Stage:
    """Work on every clip."""

    name: str
    per_second: float
    """Clips per second of one core or GPU."""
    of: str
    """Source of the rate."""
    passes: int = 1
    gpu: bool = False

    def hours(self, clips: float) -> float:
        """Hours of one core or GPU."""
        return clips * self.passes / self.per_second / 3600

    def dollars(self, clips: float) -> float:
        return self.hours(clips) * (GPU_HOUR if self.gpu else CORE_HOUR)


def stages(results: str) -> list[Stage]:
    """The stages with the rates of benchmarks/RESULTS.md."""
    samples = rates_of(results, 'loader', 'one process')
    step = rates_of(results, 'fast_recipe', 'r3d26')
    embedded = rates_of(results, 'embed', '8 videos')
    pairs = rates_of(results, 'retrieval', '10 nearest')
    return [
        Stage('prepare, 320x240 MPEG-4', PREPARED_EASY / CLIP_FRAMES, 'this script'),
        Stage('prepare, 640x480 to 720p H.264', PREPARED_HARD / CLIP_FRAMES, 'this script'),
        Stage('training samples, prepared `small`', samples['ours, of videos prepared small'], 'loader', EPOCHS),
        Stage('training steps, R3D-26, an H100', GPU_RATE, 'FINDINGS.md', EPOCHS, gpu=True),
        Stage('training steps, R3D-26, fast recipe in bf16, cores', step['fast recipe, bf16'], 'fast_recipe', EPOCHS),
        Stage('embed, a clip of ten seconds', embedded['ours'] / 2, 'embed, on two cores'),
        Stage(
            'one exact search',
            pairs['ours, blocks of the file'] * 1e6 * SEARCHED / DIMENSIONS,
            f'retrieval, in proportion to {DIMENSIONS} of {SEARCHED} dimensions',
        ),
    ]


def work(results: str, clips: float) -> str:
    """Markdown: hours and dollars of each stage."""
    lines = [
        '| stage | clips/s of a core or GPU | measured by | passes | hours | dollars |',
        '|---|---:|---|---:|---:|---:|',
    ]
    for stage in stages(results):
        unit = 'GPU-hours' if stage.gpu else 'core-hours'
        lines.append(
            f'| {stage.name} | {_three(stage.per_second)} | {stage.of} | {stage.passes} '
            f'| {_three(stage.hours(clips))} {unit} | {_three(stage.dollars(clips))} |'
        )
    return '\n'.join(lines) + '\n'


def space(clips: float) -> str:
    """Markdown: bytes on disk and in memory."""
    rows = [
        ('videos as they come', SOURCE_BYTES * CLIP_FRAMES),
        ('videos, prepared `small`', PREPARED_BYTES * CLIP_FRAMES),
        (f'features, {DIMENSIONS} numbers of fp32', 4 * DIMENSIONS),
        ('the list, as a file', LIST_BYTES),
        ('the list, in the memory of each process that trains', LINE_BYTES),
    ]
    lines = ['| what | bytes a clip | in all | dollars a month |', '|---|---:|---:|---:|']
    for name, size in rows:
        total = size * clips
        month = '' if 'memory' in name else _three(total / 1e12 * TERABYTE_MONTH)
        lines.append(f'| {name} | {size:,} | {_bytes(total)} | {month} |')
    return '\n'.join(lines) + '\n'


def machines(results: str, clips: float) -> str:
    """A text on how many machines are needed for how long."""
    easy, hard, samples, steps, _, embedding, _ = stages(results)
    days = [_three(stage.hours(clips) / count / 24) for stage, count in ((hard, 1000), (steps, 100), (embedding, 1000))]
    of_passes = [_three(stage.hours(clips) / samples.hours(clips)) for stage in (easy, hard)]
    cores = _three(GPU_RATE / samples.per_second)
    text = f"""
        To feed one H100 at {GPU_RATE:.0f} clips/s takes {cores} cores of the loader. A thousand cores and a hundred
        such GPUs need {days[0]} days for preparing the larger sources, {days[1]} for training and {days[2]} for
        embedding. Preparing takes {of_passes[1]} times the cores of all passes over the result, of the smaller sources
        {of_passes[0]} times. A block of 1,000 clips takes {_three(1000 / embedding.per_second)} core-seconds to embed.
    """
    return fill(' '.join(text.split()), 120) + '\n'


def tables(results: str, clips: float) -> str:
    seconds = OPEN_SECONDS * clips / 1e7
    return (
        f'{work(results, clips)}\n{space(clips)}\n'
        f'Opening a list of {clips:,.0f} lines takes {_three(seconds)} s, at {OPEN_SECONDS} s for ten million.\n\n'
        f'{machines(results, clips)}'
    )


def with_tables(page: str, results: str) -> str:
    """The page with today's tables for a billion clips between its marks.

    Raises:
        ValueError: the page has no marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f'{PAGE}: the marks {BEGIN.strip()} and {END.strip()} are missing. Remedy: restore them.')
    return f'{before}{begin}\n{tables(results, 1e9)}\n{end}{after}'


def _three(number: float) -> str:
    return f'{float(f"{number:.3g}"):,.10g}'


def _bytes(number: float) -> str:
    for unit, size in (('PB', 1e15), ('TB', 1e12), ('GB', 1e9), ('MB', 1e6)):
        if number >= size:
            return f'{_three(number / size)} {unit}'
    return f'{number:,.0f} B'


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--clips', type=float, help='print the tables for this rate, and write nothing')
    args = parser.parse_args()
    results = RESULTS.read_text()
    if args.clips is not None:
        print(tables(results, args.clips))
    else:
        PAGE.write_text(with_tables(PAGE.read_text(), results))
        print(f'written to {PAGE}')


if __name__ == '__main__':
    main()
