"""`cmvl embed`: feature vectors of videos."""

import json
from pathlib import Path

import click

EPILOG = """\b
Example:
  cmvl embed my_videos -o features.parquet
  cmvl embed list.txt -o features.parquet --root my_videos --model work_dirs/pretrain
  cmvl embed "recordings/**/*.mkv" -o features.parquet --every 2
"""


@click.command(epilog=EPILOG)
@click.argument('videos', nargs=-1, required=True)
@click.option('-o', '--out', type=click.Path(dir_okay=False, path_type=Path), required=True, help='FILE.parquet')
@click.option('--model', help='Name of the zoo, file of weights, or work directory; default: one of the zoo.')
@click.option('--config', help='File or name; needed for weights without a work directory.')
@click.option(
    '--root', type=click.Path(path_type=Path), help="What a list's paths are relative to; default: its folder."
)
@click.option('--clips', type=click.IntRange(min=1), help="Clips of a video; default: the config's number.")
@click.option(
    '--every', type=click.FloatRange(min=0, min_open=True), metavar='SECONDS', help='A clip so often, instead.'
)
@click.option('--device', default='cpu', show_default=True, help='cpu or cuda:N')
@click.option('--workers', type=click.IntRange(min=1), help='Videos read at once; default: one a core.')
@click.option('--overwrite', is_flag=True, help='Make the file anew, whatever is there.')
@click.option('--json', 'as_json', is_flag=True, help='The summary as JSON.')
def embed(
    videos: tuple[str, ...],
    out: Path,
    model: str | None,
    config: str | None,
    root: Path | None,
    clips: int | None,
    every: float | None,
    device: str,
    workers: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Feature vectors of VIDEOS, one row a clip, with start and end in seconds.

    VIDEOS is a folder, a list (.txt), a pattern in quotes, or files; they need neither labels nor preparation. Names of
    class folders become labels. Repeat the command to resume a stopped run. What cannot be read is listed in
    FILE.failures.json with the reason, and the rest is written; the exit code is then 3, or 1 if nothing could be read.
    """
    if out.suffix != '.parquet':
        raise click.UsageError(f'--out {out}: the name must end in .parquet')
    if clips is not None and every is not None:
        raise click.UsageError('--clips and --every exclude each other: either says how many clips a video has.')
    from cmvl_mm.cli.quiet import quiet
    from cmvl_mm.workflows.embed import embed as run
    from cmvl_mm.workflows.embed_summary import summary_of, told
    from cmvl_mm.zoo.default import MODEL

    try:
        with quiet():
            found = run(
                videos,
                MODEL if model is None else model,
                out,
                config=config,
                root=root,
                clips=clips,
                every=every,
                device=device,
                workers=workers,
                overwrite=overwrite,
                progress=True,
            )
    except KeyboardInterrupt:
        click.echo('stopped; repeat the command to resume', err=True)
        raise SystemExit(130) from None
    summary = summary_of(found, out)
    click.echo(json.dumps(summary, indent=2) if as_json else told(summary))
    if found.failures:
        raise SystemExit(3 if len(found) else 1)
