"""`cmvl finetune`: a classifier of one's own classes, tested on recordings that it has not seen."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from cmvl_mm.cli.training_options import OUT, parsed, screen, shared_options

EPILOG = """\b
Example:
  cmvl finetune my_videos --from work_dirs/mine -o work_dirs/classifier
  cmvl finetune my_videos --from work_dirs/mine --groups '(Subject[0-9]+)'
  cmvl finetune my_videos -o work_dirs/scratch        # from random weights
"""


@click.command(epilog=EPILOG)
@click.argument('folder', type=click.Path(path_type=Path))
@click.option(
    '--from',
    'weights',
    help='Work directory of `cmvl pretrain`, a checkpoint, or a name of `cmvl zoo list`; default: random weights.',
)
@click.option('-o', '--out', type=click.Path(path_type=Path), help=f'{OUT}; default: work_dirs/finetune_FOLDER.')
@click.option(
    '--groups',
    metavar='REGEX|CSV',
    help='How to tell which videos are of one recording: a regular expression on the path, whose first group is the '
    'recording, or a file of lines "path,recording"; default: the file name without trailing numbers.',
)
@click.option(
    '--test-share',
    type=click.FloatRange(0, 1, True, True),
    default=0.2,
    show_default=True,
    help='Share of the videos that is kept for the test.',
)
@click.option(
    '--config', help='Shipped config, or a config file; default: own/finetune with the network of the weights.'
)
@shared_options
def finetune(
    folder: Path,
    weights: str | None,
    out: Path | None,
    groups: str | None,
    test_share: float,
    config: str | None,
    epochs: int | None,
    workers: int | None,
    cfg_options: tuple[str, ...],
    as_json: bool,
) -> None:
    """Train a classifier of your own classes and test it.

    FOLDER has one folder of videos per class; it may also be a list with labels. At least 4 videos are needed, of any
    length. About a fifth of the videos are kept for the test; no recording is in both parts. Repeat the command to
    resume a stopped run.
    """
    with screen(as_json):
        from cmvl_mm.workflows.finetune import finetune as run

        found = run(
            folder,
            out=out or Path('work_dirs', f'finetune_{folder.resolve().stem}'),
            weights=weights,
            groups=groups,
            config=config,
            epochs=epochs,
            test_share=test_share,
            options=parsed(cfg_options),
            workers=workers,
        )
    click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False) if as_json else found.in_words())
