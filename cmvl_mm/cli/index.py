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
@click.option('--kind', default='ivf', show_default=True, help='ivf, of FAISS; or lance, a table of LanceDB.')
@click.option(
    '--recall',
    type=click.FloatRange(0, 1, min_open=True),
    default=0.99,
    show_default=True,
    help='Wanted: cells that a search looks at are doubled until it is reached.',
)
@click.option('-k', type=click.IntRange(min=1), default=10, show_default=True, help='Results that the recall counts.')
@click.option(
    '--queries', type=click.IntRange(min=1), default=100, show_default=True, help='Rows that the recall is measured by.'
)
@click.option('--json', 'as_json', is_flag=True, help='The record as JSON.')
def index(folder: Path, kind: str, recall: float, k: int, queries: int, as_json: bool) -> None:
    """Build an index of FOLDER, a complete folder of parts by `cmvl embed`, into FOLDER/index.

    It copies the rows, takes up to 6 bytes for a value and 120 for a row, and is built in bounded memory. It is then
    compared with the exact search: rows evenly spaced are searched for by both, all at once, and do not count
    themselves. Recall and speed are printed, and kept in record.json. An index of parts that have changed is refused.
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
        click.echo(f'The recall is below the wanted {measured.wanted} with all cells. The exact search has no misses.')
