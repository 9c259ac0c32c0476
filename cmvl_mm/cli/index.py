"""`cmvl index`: an index of a folder of parts."""

import json
from pathlib import Path

import click

EPILOG = """\b
Example:
  cmvl index features/
  cmvl search features/ query.mp4 --index ivf
  cmvl index features/ --kind lance --recall 0.999
"""


@click.command(epilog=EPILOG)
@click.argument('folder', type=click.Path(path_type=Path))
@click.option('--kind', default='ivf', show_default=True, help='ivf (FAISS) or lance (a table of LanceDB).')
@click.option(
    '--recall',
    type=click.FloatRange(0, 1, min_open=True),
    default=0.99,
    show_default=True,
    help='Recall to reach: the number of cells that a search visits is doubled until it does.',
)
@click.option('-k', type=click.IntRange(min=1), default=10, show_default=True, help='Measure recall@K.')
@click.option(
    '--queries', type=click.IntRange(min=1), default=100, show_default=True, help='Rows to measure recall with.'
)
@click.option('--json', 'as_json', is_flag=True, help='Print the record as JSON.')
def index(folder: Path, kind: str, recall: float, k: int, queries: int, as_json: bool) -> None:
    """Build an index of FOLDER, a complete folder of parts by `cmvl embed`, in FOLDER/index.

    The index holds a copy of the rows: up to 6 bytes per value and 120 per row. Building takes bounded memory. It is
    then compared with the exact search: both search for evenly spaced rows, each without the row itself. Recall and
    speed are printed and kept in record.json. A search refuses an index whose parts have changed since.
    """
    from cmvl_mm.cli.quiet import quiet
    from cmvl_mm.clip_search.build_index import build_index
    from cmvl_mm.clip_search.index_record import index_path

    with quiet():
        record = build_index(folder, kind, recall=recall, k=k, queries=queries)
    measured = record.measured
    if as_json:
        path = index_path(folder, kind) / 'record.json'
        click.echo(json.dumps(json.loads(path.read_text(encoding='utf-8')), indent=2))
        return
    settings = ', '.join(f'{name} {value}' for name, value in record.settings.items())
    click.echo(f'{record.rows} rows x {record.channels}: {settings} -> {index_path(folder, kind)}')
    click.echo(f'built in {record.build_seconds:.1f} s, {sum(record.files.values()) / 1e6:.1f} MB, by {record.library}')
    click.echo(
        f'recall@{measured.k} {measured.recall:.4f} over {measured.queries} rows as queries; all at once: exact '
        f'{measured.exact_seconds:.3f} s, index {measured.index_seconds:.3f} s, {measured.ratio:.1f} times as fast'
    )
    if measured.recall < measured.wanted:
        click.echo(f'Even with all cells, recall is below {measured.wanted}. Remedy: search without --index.')
