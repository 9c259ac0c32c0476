"""`cmvl web`: a page in the browser to search and watch videos."""

from pathlib import Path

import click

EPILOG = """\b
Example:
  cmvl embed my_videos -o features.parquet
  cmvl web features.parquet
  cmvl web features.parquet --work-dir work_dirs/pretrain --port 9000
  cmvl index features/
  cmvl web features/ --index ivf
"""


@click.command(epilog=EPILOG)
@click.argument('features', type=click.Path(path_type=Path))
@click.option(
    '--port',
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help='Port to listen on; 0 takes a free one.',
)
@click.option('--host', default='127.0.0.1', show_default=True, help='Address of this machine to listen on.')
@click.option(
    '--index',
    metavar='KIND',
    help='Index that `cmvl index` has built: ivf or lance; vectors stay on disk. Default: compare every row.',
)
@click.option('--work-dir', type=click.Path(path_type=Path), help='Work directory whose training curves to show, live.')
@click.option(
    '--allow-host',
    multiple=True,
    metavar='NAME',
    help='Another host name that browsers may use for the page; repeatable.',
)
def web(
    features: Path, port: int, host: str, index: str | None, work_dir: Path | None, allow_host: tuple[str, ...]
) -> None:
    """Search clips, watch motion vectors and follow a training in the browser.

    FEATURES is a file or folder that `cmvl embed` has written; its videos must still be in their place. The page finds
    the clips most similar to a clip or to an uploaded video, draws motion vectors over any video, and shows the curves
    of a work directory. It works offline.

    THERE IS NO LOGIN: anyone who can reach the page can watch every video of FEATURES, upload videos, and use the
    processor. With the default --host, other machines cannot reach it. Uploads are deleted when the command ends.
    """
    from cmvl_mm.web.serve import serve

    serve(
        features,
        host=host,
        port=port,
        index=index,
        work_dir=work_dir,
        allow_hosts=allow_host,
        ready=lambda address: click.echo(f'{address}  (Ctrl-C ends)'),
    )
