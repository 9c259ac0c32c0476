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

SRC is a folder, a list or one video. A folder is searched recursively for files with the suffix of a video container;
other files are counted by suffix, on the screen and in report.json. A list is a UTF-8 text file with one video per
line: "relative/path.mp4 label", separated by spaces or tabs, not by commas; the label is optional. One video becomes
the file DST, which must end in .mp4 and must not exist.

DST gets the videos under their own paths, an annotation list of those that are ready (all.txt, or the name of the list
given as SRC), classes.txt if SRC has class folders, and report.json. Each result is decoded and checked before it gets
its name. Repeat the command to resume a stopped run: finished videos are skipped. Several runs may share one DST; each
waits for the videos that another run is encoding.

--flow also computes TV-L1 optical flow, in name.flow.npz beside each video. It takes hundreds of times as long, and
Ctrl-C waits for the videos in progress. The report compares its cost with that of reading motion vectors.

--dataset checks the data set's own lists, as downloaded, in the folder LISTS. When all videos are done, it writes the
lists that the configs read beside DST: {train,test}_split{1,2,3}.txt of UCF101 and HMDB51, {train,val}.txt of Kinetics,
and classes.txt. Videos are found by file name, in any folder. On a finished folder, only lists are checked and written;
if SRC no longer exists, give DST in its place.

Broken videos do not stop the run; the report names them, those that are too short, and those missing from SRC. Exit
code: 0 if any video is ready, 1 if none is or the lists are wrong, 2 for invalid arguments, 130 after Ctrl-C."""

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
        raise click.BadParameter(f'{text!r} is not I/N, such as 1/4')
    return int(index), int(count)


@click.command(help=_HELP, epilog=_EXAMPLES)
@click.argument('src', type=click.Path(path_type=Path))
@click.argument('dst', type=click.Path(path_type=Path))
@click.option('--root', type=click.Path(path_type=Path), help="Folder of a list's videos.  [default: the list's]")
@click.option(
    '--profile', type=click.Choice(list(PROFILES)), default='paper', show_default=True,
    help=f'{"; ".join(f"{name}: {what}" for name, what in PROFILES.items())}. docs/colours.md says what happens '
    'to rotation, shape, colours and times.',
)  # fmt: skip
@click.option('--workers', type=int, help='Processes.  [default: one per core, or per CPU of the cluster]')
@click.option(
    '--shard', callback=_shard, default='1/1', metavar='I/N', help='Process only the Ith of N parts; I starts at 1.'
)
@click.option('--flow', is_flag=True, help='Compute TV-L1 optical flow, too; slow, needs the extra "train".')
@click.option('--dataset', type=click.Choice(DATASETS), help='Write the lists of this data set.')
@click.option('--lists', type=click.Path(path_type=Path), help="Folder of the data set's own lists.")
@click.option('--own-lists', is_flag=True, help='Do not check LISTS: it was changed on purpose.')
@click.option(
    '--engine', type=click.Choice(['process', 'ray']), default='process', show_default=True,
    help='Run on this machine, or on a Ray cluster.',
)  # fmt: skip
@click.option('--address', metavar='HOST:PORT|auto', help='Ray cluster.  [default: start one for this run]')
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
                raise RequestError(
                    f'{src} is one video: only --profile and --json apply. Remedy: omit the other options.'
                )
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
