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
@click.option('--port', type=click.IntRange(0, 65535), default=8765, show_default=True, help='0 takes a free one.')
@click.option('--host', default='127.0.0.1', show_default=True, help='Address of this machine to listen on.')
@click.option(
    '--index', metavar='KIND', help='ivf or lance, by `cmvl index`: vectors stay on the disk; default: every row.'
)
@click.option(
    '--work-dir', type=click.Path(path_type=Path), help='Work directory whose training curves are shown, as they grow.'
)
@click.option(
    '--allow-host', multiple=True, metavar='NAME', help='Further name by which browsers reach the page; repeatable.'
)
def web(
    features: Path, port: int, host: str, index: str | None, work_dir: Path | None, allow_host: tuple[str, ...]
) -> None:
    """A page to search clips, watch motion vectors and follow a training.

    FEATURES is a file or folder of `cmvl embed`; its videos must still be where they were. The page finds the clips
    that are most like a clip or like an uploaded video, draws motion vectors over any video, and shows the curves of a
    work directory. It works offline.

    THERE IS NO LOGIN: whoever reaches the page can watch every video of the features file, upload videos, and use the
    processor. Other machines do not reach it with the default --host. Uploads are deleted when the command ends.
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
