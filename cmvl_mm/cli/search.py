"""`cmvl search`: what is most like a video, or like a row."""

import json
from pathlib import Path

import click

EPILOG = """\b
Example:
  cmvl search features.parquet query.mp4 -k 5
  cmvl search features.parquet 17 --clips --json
  cmvl search features/ query.mp4                   # a folder of parts, read part by part
  cmvl search features/ query.mp4 --index ivf       # by an index that cmvl index has built
  cmvl search features/ query.mp4 --path "cam1/*" --label fall --from 60 --to 120
  cmvl search s3://bucket/features query.mp4
"""


@click.command(epilog=EPILOG)
@click.argument('features')
@click.argument('query')
@click.option('-k', type=click.IntRange(min=1), default=10, show_default=True, help='Number of results.')
@click.option('--clips', is_flag=True, help='List every matching clip; default: only the best clip of each video.')
@click.option('--others', is_flag=True, help="Leave out the query's own video.")
@click.option(
    '--index', metavar='KIND', help='Index that `cmvl index` has built: ivf or lance; default: compare every row.'
)
@click.option(
    '--path', metavar='PATTERN', help="Only paths that match: * is any text, also with '/'; ? is one character."
)
@click.option('--label', help='Only clips with this label.')
@click.option('--from', 'begin', type=float, metavar='SECONDS', help='Only clips that end after this second.')
@click.option('--to', 'end', type=float, metavar='SECONDS', help='Only clips that start before this second.')
@click.option('--model', help='New place of the weights that made FEATURES, if they have moved.')
@click.option('--device', default='cpu', show_default=True, help='For a query by video: cpu or cuda:N.')
@click.option('--json', 'as_json', is_flag=True, help='Print the results as a JSON list.')
def search(
    features: str,
    query: str,
    k: int,
    clips: bool,
    others: bool,
    index: str | None,
    path: str | None,
    label: str | None,
    begin: float | None,
    end: float | None,
    model: str | None,
    device: str,
    as_json: bool,
) -> None:
    """Find the clips of FEATURES that are most similar to QUERY: a video, or a row number from 0.

    FEATURES is a file or a folder that `cmvl embed` has written; it may be on an object store. Of a folder, only a few
    parts are in memory at a time. A video is embedded with the weights and settings that made FEATURES, and the mean
    over its clips is compared, so its own clips score a little below 1. Filters apply before ranking. Results are rank,
    cosine, seconds, label and path; ties keep the order of the rows.
    """
    from cmvl_mm.cli.quiet import quiet
    from cmvl_mm.clip_search.row_filter import RowFilter
    from cmvl_mm.clip_search.search import search as run

    wanted = int(query) if query.isdecimal() and not Path(query).is_file() else query
    with quiet():
        where = RowFilter(path, label, (begin, end))
        matches = run(
            features, wanted, k, clips=clips, others=others, where=where, index=index, model=model, device=device
        )
    if as_json:
        click.echo(json.dumps([match._asdict() for match in matches], indent=2))
        return
    click.echo('rank  cosine        seconds  label         path')
    for match in matches:
        seconds = f'{match.start:.1f}-{match.end:.1f}'
        click.echo(f'{match.rank:4}  {match.cosine:.4f}  {seconds:>13}  {match.label or "-":12}  {match.path}')
