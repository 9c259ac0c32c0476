"""`cmvl pretrain`: a video network from videos without labels."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from cmvl_mm.cli.training_options import OUT, parsed, screen, shared_options

EPILOG = """\b
Example:
  cmvl pretrain my_videos -o work_dirs/mine
  cmvl pretrain my_videos -o work_dirs/mine --epochs 40
  cmvl pretrain my_videos -o work_dirs/small --config demo/pretrain
"""


@click.command(epilog=EPILOG)
@click.argument('folder', type=click.Path(path_type=Path))
@click.option('-o', '--out', type=click.Path(path_type=Path), help=f'{OUT}; default: work_dirs/pretrain_FOLDER.')
@click.option('--config', default='own/pretrain', show_default=True, help='Shipped config, or a config file.')
@shared_options
def pretrain(
    folder: Path,
    out: Path | None,
    config: str,
    epochs: int | None,
    workers: int | None,
    cfg_options: tuple[str, ...],
    as_json: bool,
) -> None:
    """Train a video network on videos without labels.

    FOLDER is searched recursively for videos; it may also be a list of videos. They are first re-encoded into
    OUT/prepared, unless FOLDER is already prepared. Repeat the command to resume a stopped run.

    At least 4 videos are needed, each with enough frames for the config's clip and motion: 41 for own/pretrain. Shorter
    ones are left out and named. A GPU is used if there is one.
    """
    with screen(as_json):
        from cmvl_mm.workflows.pretrain import pretrain as run

        place = out or Path('work_dirs', f'pretrain_{folder.resolve().stem}')
        found = run(folder, out=place, config=config, epochs=epochs, options=parsed(cfg_options), workers=workers)
    click.echo(json.dumps(asdict(found), indent=2) if as_json else found.in_words())
