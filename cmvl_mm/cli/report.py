"""`cmvl report`: a page with the figures and curves of a work directory."""

from pathlib import Path

import click

EPILOG = """\b
Example:
  cmvl report work_dirs/finetune -o report.html
"""


@click.command(epilog=EPILOG)
@click.argument('work_dir', type=click.Path(path_type=Path))
@click.option('-o', '--out', type=click.Path(path_type=Path), required=True, help='The HTML file to write.')
def report(work_dir: Path, out: Path) -> None:
    """Write an HTML page on WORK_DIR, the work directory of a training, a test or both.

    The page has the config's name, counts of videos, figures of the newest test in percent with 95 % intervals, curves
    with chance lines, and, if --dump-features has written a file, a gallery of nearest videos. Tests that `cmvl test`
    and `cmvl finetune` have written below WORK_DIR count, too. The page is a single file.
    """
    from cmvl_mm.workflows.report import report as write

    click.echo(write(work_dir, out))
