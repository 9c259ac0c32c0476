"""`cmvl embed`: feature vectors of videos."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from cmvl_mm.embedding.embeddings import Embeddings
    from cmvl_mm.embedding.folder import FolderRun

EPILOG = """\b
Example:
  cmvl embed my_videos -o features.parquet
  cmvl embed list.txt -o features.parquet --root my_videos --model work_dirs/pretrain
  cmvl embed "recordings/**/*.mkv" -o features.parquet --every 2
  cmvl embed list.txt -o features/ --shard 1/4      # and 2/4, 3/4, 4/4 on other machines
  cmvl embed list.txt -o features/ --engine ray --address 10.0.0.1:6379
"""


@click.command(epilog=EPILOG)
@click.argument('videos', nargs=-1, required=True)
@click.option(
    '-o', '--out', required=True, metavar='FILE.parquet|FOLDER/', help='Write one file, or a folder of parts.'
)
@click.option('--model', help='Name in the zoo, file of weights, or work directory; default: a model of the zoo.')
@click.option('--config', help='Config file or name; needed for weights outside a work directory.')
@click.option(
    '--root', type=click.Path(path_type=Path), help="Folder that a list's paths start from; default: the list's folder."
)
@click.option('--clips', type=click.IntRange(min=1), help="Clips per video; default: the config's number.")
@click.option(
    '--every',
    type=click.FloatRange(min=0, min_open=True),
    metavar='SECONDS',
    help='One clip every SECONDS, instead of --clips.',
)
@click.option('--device', default='cpu', show_default=True, help='cpu or cuda:N; with Ray, cpu or cuda.')
@click.option(
    '--workers',
    type=click.IntRange(min=1),
    help='Videos read at once; default: one per core, or per CPU of the cluster.',
)
@click.option(
    '--shard',
    metavar='I/N|env',
    help='With FOLDER/: embed only the Ith of N shares; env: as set by torchrun, srun or a Slurm array.',
)
@click.option(
    '--engine', type=click.Choice(['process', 'ray']), default='process', show_default=True,
    help='With FOLDER/: run on this machine, or on a Ray cluster.',
)  # fmt: skip
@click.option('--address', metavar='HOST:PORT|auto', help='Ray cluster; default: start one for this run.')
@click.option('--overwrite', is_flag=True, help='Replace an existing file or folder.')
@click.option('--json', 'as_json', is_flag=True, help='Print the summary as JSON.')
def embed(
    videos: tuple[str, ...],
    out: str,
    model: str | None,
    config: str | None,
    root: Path | None,
    clips: int | None,
    every: float | None,
    device: str,
    workers: int | None,
    shard: str | None,
    engine: Literal['process', 'ray'],
    address: str | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Compute feature vectors of VIDEOS: one row per clip, with start and end in seconds.

    VIDEOS is a folder, a list (.txt), a pattern in quotes, or files. They need neither labels nor preparation; names of
    class folders become labels. Repeat the command to resume a stopped run.

    With FILE.parquet, videos that cannot be read are listed in FILE.failures.json with the reason, and the rest is
    written. The exit code is 3 then, or 1 if no video could be read.

    FOLDER/ is for many videos or many machines. It gets numbered parts of at most 1,000 clips, manifest.json and
    failures.csv. Each worker is a process, finished parts are skipped, and parts of other weights or settings are
    refused. The exit code is 0 if some videos could be read, else 1.
    """
    in_parts = out.endswith(('/', os.sep)) or Path(out).is_dir()
    if not in_parts and not out.endswith('.parquet'):
        raise click.UsageError(f'--out {out}: the name must end in .parquet for a file, or in / for a folder of parts.')
    if shard is not None and not in_parts:
        raise click.UsageError(f'--shard needs a folder of parts. Remedy: pass --out {out.removesuffix(".parquet")}/')
    if not in_parts and (engine, address) != ('process', None):
        raise click.UsageError(
            f'--engine and --address need a folder of parts. Remedy: pass --out {out.removesuffix(".parquet")}/'
        )
    if clips is not None and every is not None:
        raise click.UsageError('--clips and --every exclude each other. Remedy: pass only one of them.')
    from cmvl_mm.cli.quiet import quiet
    from cmvl_mm.zoo.default import MODEL

    chosen = MODEL if model is None else model
    try:
        with quiet():
            if in_parts:
                from cmvl_mm.embedding.folder import embed_folder
                from cmvl_mm.embedding.shards import WHOLE, shard_of

                run = embed_folder(
                    videos, out, chosen, config=config, root=root, clips=clips, every=every, device=device,
                    workers=workers, shard=WHOLE if shard is None else shard_of(shard), engine=engine,
                    address=address, overwrite=overwrite, progress=True,
                )  # fmt: skip
                summary, told = _of_folder(run)
            else:
                from cmvl_mm.embedding.embed import embed as embed_file

                found = embed_file(
                    videos, chosen, out, config=config, root=root, clips=clips, every=every, device=device,
                    workers=workers, overwrite=overwrite, progress=True,
                )  # fmt: skip
                summary, told = _of_file(found, Path(out))
    except KeyboardInterrupt:
        click.echo('stopped; repeat the command to resume', err=True)
        raise SystemExit(130) from None
    click.echo(json.dumps(summary, indent=2) if as_json else told)
    if summary['failed'] and not summary['clips']:
        raise SystemExit(1)
    if summary['failed'] and not in_parts:  # a launcher would take it for a failure of the share, and end the others
        raise SystemExit(3)


def _of_file(found: 'Embeddings', out: Path) -> tuple[dict[str, Any], str]:
    from cmvl_mm.embedding.summary import summary_of, told

    summary = summary_of(found, out)
    return summary, told(summary)


def _of_folder(run: 'FolderRun') -> tuple[dict[str, Any], str]:
    from cmvl_mm.embedding.summary import summary_of_folder, told_of_folder

    summary = summary_of_folder(run)
    return summary, told_of_folder(summary)
