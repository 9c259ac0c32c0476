"""`cmvl prepare`: re-encode videos for training."""

import io
import sys
from pathlib import Path
from typing import Literal

import click

PROFILES = {
    'paper': 'own size',
    'coviar': '340x256, best quality',
    'small': 'short side 128 px',
}
DATASETS = ('ucf101', 'hmdb51', 'kinetics400', 'kinetics600', 'kinetics700')

_HELP = """Re-encode videos for training: MPEG-4 Part 2 in .mp4, an I-frame every 12 frames, no B-frames.

A folder SRC is searched to its bottom for files with the suffix of a video container that the reader accepts; what else
is there is counted by suffix, on the screen and in report.json. In a list SRC, every name is a video: a line is
"relative/path.mp4 label", spaces or tabs before the label, which may be absent; the list is UTF-8. A comma separates
nothing.

A single video SRC becomes the file DST, which ends in .mp4 and is not there yet.

DST gets the videos under their own paths, an annotation list of those that are ready (all.txt, or the name of the list
given as SRC), classes.txt where SRC has class folders, and report.json. A video takes its name only when it was decoded
again and found complete, so the run may be stopped at any time and started again: it skips what is there. Several runs
may work on one DST at once, such as parts of one folder: a video that another run is at work on is waited for. With
--flow a video is ready when its optical flow is there too, beside it as name.flow.npz; this takes hundreds of times as
long, Ctrl-C waits for the videos at work, and the report says what it cost, next to the cost of reading the motion
vectors.

With --dataset, LISTS is the folder of the data set's own lists as it was downloaded. They are checked first; when all
videos are done, the lists that the configs read are written beside DST: {train,test}_split{1,2,3}.txt of UCF101 and
HMDB51, {train,val}.txt of Kinetics, classes.txt. Videos are found by file name, in whatever folders. On a finished
folder this only checks and writes lists; once SRC is gone, give DST in its place.

Broken videos do not stop the run; the report names them, short ones and those missing from SRC. Exit code 0 if any
video is ready, 1 if none is or the lists are wrong, 2 for arguments that make no sense, 130 after Ctrl-C."""

_EXAMPLES = """\b
Examples:
  cmvl prepare videos/ prepared/ --workers 8
  cmvl prepare phone.mov phone_prepared.mp4
  cmvl prepare trainlist.txt prepared/ --root videos/ --profile coviar
  cmvl prepare videos/ prepared/ --shard 1/4        # and 2/4, 3/4, 4/4 on other machines
  cmvl prepare videos/ prepared/ --engine ray --address 10.0.0.1:6379
  cmvl prepare UCF-101/ data/ucf101/videos --dataset ucf101 --lists ucfTrainTestlist/
  cmvl prepare videos/ prepared/ --flow             # TV-L1 optical flow too"""


_PLAIN = (None, None, (1, 1), False, None, None, False, 'process', None)  # what a single video takes of the options


def _shard(context: click.Context, parameter: click.Parameter, text: str) -> tuple[int, int]:
    index, _, count = text.partition('/')
    if not (index.isdecimal() and count.isdecimal()):
        raise click.BadParameter(f'{text!r} is not I/N')
    return int(index), int(count)


@click.command(help=_HELP, epilog=_EXAMPLES)
@click.argument('src', type=click.Path(path_type=Path))
@click.argument('dst', type=click.Path(path_type=Path))
@click.option('--root', type=click.Path(path_type=Path), help="Folder of a list's videos.  [default: the list's]")
@click.option(
    '--profile', type=click.Choice(list(PROFILES)), default='paper', show_default=True,
    help=f'{"; ".join(f"{name}: {what}" for name, what in PROFILES.items())}. docs/colours.md says what becomes of '
    'rotation, shape, colours and times.',
)  # fmt: skip
@click.option('--workers', type=int, help='Processes.  [default: one a core, or a CPU of the cluster]')
@click.option('--shard', callback=_shard, default='1/1', metavar='I/N', help='The Ith of N parts, from 1.')
@click.option('--flow', is_flag=True, help='Make TV-L1 optical flow of each video; slow, needs the extra "train".')
@click.option('--dataset', type=click.Choice(DATASETS), help='Write the lists of this data set, too.')
@click.option('--lists', type=click.Path(path_type=Path), help="Folder of the data set's own lists.")
@click.option('--own-lists', is_flag=True, help='LISTS was changed on purpose: do not check it.')
@click.option(
    '--engine', type=click.Choice(['process', 'ray']), default='process', show_default=True,
    help='Processes of this machine, or of a Ray cluster.',
)  # fmt: skip
@click.option('--address', metavar='HOST:PORT|auto', help='Ray cluster.  [default: one started here for the run]')
@click.option('--json', 'as_json', is_flag=True, help='Print the report as JSON; all else goes to standard error.')
def prepare(
    src: Path,
    dst: Path,
    root: Path | None,
    profile: str,
    workers: int | None,
    shard: tuple[int, int],
    flow: bool,
    dataset: str | None,
    lists: Path | None,
    own_lists: bool,
    engine: Literal['process', 'ray'],
    address: str | None,
    as_json: bool,
) -> None:
    import json

    from cmvl_mm.cli.prepare_progress import in_a_bar, in_lines
    from cmvl_mm.workflows.prepare_one import is_one_video, prepare_one
    from cmvl_mm.workflows.prepare_request import PrepareRequest, RequestError
    from cmvl_mm.workflows.prepare_videos import prepare_videos

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors='backslashreplace')  # names hold what some terminals cannot show

    def say(line: str) -> None:
        print(line, file=sys.stderr if as_json else sys.stdout, flush=True)  # click.echo turns ASCII into UTF-8

    try:
        if is_one_video(src):
            if (root, workers, shard, flow, dataset, lists, own_lists, engine, address) != _PLAIN:
                raise RequestError(f'{src} is one video, and takes --profile and --json only')
            frames = prepare_one(src, dst, profile)
            say(f'{dst}: {frames} frames, profile {profile}')
            if as_json:
                print(json.dumps(dict(path=str(dst), frames=frames, profile=profile)))
            return
        request = PrepareRequest(
            src, dst, root, profile, workers, shard, flow, dataset, lists, own_lists, engine, address
        )
    except RequestError as error:
        raise click.UsageError(str(error)) from error
    watch = in_a_bar if sys.stderr.isatty() else in_lines(say)
    result = prepare_videos(request, say=say, watch=watch)
    if as_json:
        print(json.dumps(result.report, indent=2))
    if result.stopped:
        raise click.exceptions.Exit(130)
    if not result.useful:
        raise click.exceptions.Exit(1)
