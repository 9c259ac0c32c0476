"""`cmvl search`: what is most like a video, or like a row."""

import json
from pathlib import Path

import click

EPILOG = """\b
Example:
  cmvl search features.parquet query.mp4 -k 5
  cmvl search features.parquet 17 --clips --json
  cmvl search features/ query.mp4                   # a folder of parts, read part by part
"""


@click.command(epilog=EPILOG)
@click.argument('features', type=click.Path(path_type=Path))
@click.argument('query')
@click.option('-k', type=click.IntRange(min=1), default=10, show_default=True, help='Results.')
@click.option(
    '--clips', is_flag=True, help='Every clip is a result; by default a video comes once, with its best clip.'
)
@click.option('--others', is_flag=True, help="Leave out the query's own video.")
@click.option('--model', help='Where the weights that made FEATURES are now; default: where they were.')
@click.option('--device', default='cpu', show_default=True, help='cpu or cuda:N, for a query by video')
@click.option('--json', 'as_json', is_flag=True, help='A list of results as JSON.')
def search(
    features: Path,
    query: str,
    k: int,
    clips: bool,
    others: bool,
    model: str | None,
    device: str,
    as_json: bool,
) -> None:
    """The clips of FEATURES that are most like QUERY, a video or a row number from 0.

    FEATURES is a file or a folder by `cmvl embed`; of a folder, few parts are in memory at a time. A video is embedded
    by the weights and settings that made FEATURES, and the mean over its clips is compared: its own clips score a
    little below 1. Results are rank, cosine, seconds, label and path.
    """
    from cmvl_mm.cli.quiet import quiet
    from cmvl_mm.clip_search.search import search as run

    wanted = int(query) if query.isdecimal() and not Path(query).is_file() else query
    with quiet():
        matches = run(features, wanted, k, clips=clips, others=others, model=model, device=device)
    if as_json:
        click.echo(json.dumps([match._asdict() for match in matches], indent=2))
        return
    click.echo('rank  cosine        seconds  label         path')
    for match in matches:
        seconds = f'{match.start:.1f}-{match.end:.1f}'
        click.echo(f'{match.rank:4}  {match.cosine:.4f}  {seconds:>13}  {match.label or "-":12}  {match.path}')
