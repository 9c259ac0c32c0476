"""Write the speed tables of README.md and docs/compare.md from the tables in benchmarks/RESULTS.md.

python benchmarks/speed_table.py        # writes them, as make bench does
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from results_page import REPOSITORY, RESULTS, rates_of

BEGIN, END = '<!-- from benchmarks/RESULTS.md: make bench -->\n', '<!-- end -->\n'


class Line(NamedTuple):
    """A row: a route of ours and another route of the same table in RESULTS.md."""

    what: str
    unit: str
    beside: str
    benchmark: str
    title: str
    """Beginning of the table's title."""
    ours: str
    other: str


_EXTRACTOR = ('motion-vector-extractor', 'extraction')
_STOCK_CLIP = 'MMAction2 with decord, the clip alone'
README_LINES = (
    Line('vectors + I-frames, MPEG-4', 'frames/s', *_EXTRACTOR, 'MPEG-4', 'ours, vectors + I-frames',
         'motion-vector-extractor, raw'),
    Line('vectors + I-frames, H.264', 'frames/s', *_EXTRACTOR, 'H.264', 'ours, vectors + I-frames',
         'motion-vector-extractor, raw'),
    Line('vectors + exact residuals, MPEG-4', 'frames/s', 'decoding alone', 'whole_stream', 'Residuals',
         'ours, vectors + residuals of 8 bits', 'decode only'),
    Line('training sample, prepared `small`', 'samples/s', "MMAction2's clip of the original", 'loader', 'one process',
         'ours, of videos prepared small', f'{_STOCK_CLIP}, of the original'),
    Line('pretraining step, R3D-26, `configs/fast` in bf16', 'clips/s', 'main recipe in fp32', 'fast_recipe', 'r3d26',
         'fast recipe, bf16', 'main recipe, c7f3249'),
    Line('features, `cmvl embed`, two cores', 'videos/s', "MMAction2's stock pipeline", 'embed', '', 'ours',
         'decord, stock pipeline'),
)  # fmt: skip
COMPARE_LINES = (
    Line('vectors + I-frames, MPEG-4', 'frames/s', 'decoding alone', 'extraction', 'MPEG-4', 'ours, vectors + I-frames',
         'decode only'),
    Line('vectors + I-frames, H.264', 'frames/s', 'decoding alone', 'extraction', 'H.264', 'ours, vectors + I-frames',
         'decode only'),
    Line('vectors + I-frames, MPEG-4', 'frames/s', "a loop over PyAV's records", 'extraction', 'MPEG-4',
         'ours, vectors + I-frames', 'PyAV, records'),
    Line('vectors + I-frames, MPEG-4', 'frames/s', 'MMAction2', 'extraction', 'MPEG-4', 'ours, vectors + I-frames',
         'MMAction2 PyAVDecodeMotionVector'),
    *README_LINES[:2],
    Line('training sample: clip, I-frame, four motion windows, augmented', 'samples/s', 'decoding its frames', 'loader',
         'one process', 'ours, the whole sample', 'decode the sample’s frames'),
    Line('the same', 'samples/s', "MMAction2's clip alone, with decord", 'loader', 'one process',
         'ours, the whole sample', _STOCK_CLIP),
    Line('loss of 3136 x 12544 x 512', 'losses/s', 'whole logits', 'loss', '3136', 'ours', 'whole logits'),
)  # fmt: skip
PAGES: dict[Path, Sequence[Line]] = {
    REPOSITORY / 'README.md': README_LINES,
    REPOSITORY / 'docs/compare.md': COMPARE_LINES,
}


def table(results: str, lines: Sequence[Line]) -> str:
    """Markdown: speed of ours, of the other route, and their ratio.

    Raises:
        ValueError: the page lacks a table or a route, so this machine's run cannot have written it.
    """
    rows = ['| one core of an AMD EPYC | ours | beside it | times |', '|---|---:|---:|---:|']
    for line in lines:
        rates = rates_of(results, line.benchmark, line.title)
        if missing := {line.ours, line.other} - rates.keys():
            raise ValueError(f'{RESULTS}: no route {sorted(missing)} in {line.benchmark}. Remedy: run make bench')
        ours, other = rates[line.ours], rates[line.other]
        shown = f'{line.beside}: {_three_digits(other)}'
        rows.append(f'| {line.what} | {_three_digits(ours)} {line.unit} | {shown} | {ours / other:.2f} |')
    return '\n'.join(rows) + '\n'


def with_table(page: Path, results: str) -> str:
    """The page's text with the current table between its two marks."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f'{page}: the marks {BEGIN.strip()} and {END.strip()} are missing. Remedy: restore them.')
    return before + begin + table(results, PAGES[page]) + end + after


def _three_digits(number: float) -> str:
    return f'{float(f"{number:.3g}"):,g}'


def main() -> None:
    results = RESULTS.read_text()
    for page in PAGES:
        page.write_text(with_table(page, results))
        print(f'written to {page}')


if __name__ == '__main__':
    main()
