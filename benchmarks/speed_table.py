"""The table of README's section on speed from the tables in benchmarks/RESULTS.md.

python benchmarks/speed_table.py        # writes it into README.md; make bench does it, too
"""

from typing import NamedTuple

from results_page import REPOSITORY, RESULTS, rates_of

README = REPOSITORY / 'README.md'
BEGIN, END = '<!-- from benchmarks/RESULTS.md: make bench -->\n', '<!-- end -->\n'


class Line(NamedTuple):
    """A row: a route of ours beside another of the same table of RESULTS.md."""

    what: str
    unit: str
    beside: str
    benchmark: str
    title: str
    """What the title of the table begins with."""
    ours: str
    other: str


_EXTRACTOR = ('motion-vector-extractor', 'extraction')
_STOCK_CLIP = 'MMAction2 with decord, the clip alone'
LINES = (
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


def table(results: str) -> str:
    """Markdown: speed of ours, of the other, and how many times as fast ours is.

    Raises:
        ValueError: the page lacks a table or a route; a run on this machine cannot have made it.
    """
    rows = ['| one core of an AMD EPYC | ours | beside it | times |', '|---|---:|---:|---:|']
    for line in LINES:
        rates = rates_of(results, line.benchmark, line.title)
        if missing := {line.ours, line.other} - rates.keys():
            raise ValueError(f'{RESULTS}: no route {sorted(missing)} in {line.benchmark}. Remedy: make bench')
        ours, other = rates[line.ours], rates[line.other]
        shown = f'{line.beside}: {_three_digits(other)}'
        rows.append(f'| {line.what} | {_three_digits(ours)} {line.unit} | {shown} | {ours / other:.2f} |')
    return '\n'.join(rows) + '\n'


def with_table(readme: str, results: str) -> str:
    """README with today's table between its two marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f'{README}: the marks {BEGIN.strip()} and {END.strip()} are missing')
    return before + begin + table(results) + end + after


def _three_digits(number: float) -> str:
    return f'{float(f"{number:.3g}"):,g}'


def main() -> None:
    README.write_text(with_table(README.read_text(), RESULTS.read_text()))
    print(f'written to {README}')


if __name__ == '__main__':
    main()
