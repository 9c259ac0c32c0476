"""Every name of `hostile_names` through every reader of lists."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hostile_names import CANARY, LINKS_OUT, LITERAL, REFUSED, Tree, make_tree
from mmaction.registry import DATASETS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.annotation import AnnotationError
from cmvl_mm.engine.config import load_config
from cmvl_mm.video import VideoError
from cmvl_mm.video.controlled import CONTEXTS, MOTIONS, make_controlled_video
from cmvl_mm.video.encode import write_video
from cmvl_mm.video.prepare import prepare_all
from cmvl_mm.video.sources import find_in_folder, find_in_list

REPOSITORY = Path(__file__).resolve().parents[2]


def check_all(folder: Path, *, reencode: bool) -> tuple[list[str], dict[str, int]]:
    """Verdicts that are wrong, in words, and how many there were.

    Args:
        folder: for the files.
        reencode: let prepare_videos.py's workers make all the ordinary ones, not one.
    """
    folder.mkdir(parents=True)
    frames, _ = make_controlled_video((1, 0), CONTEXTS[0], MOTIONS[0])
    video = folder / 'video.mp4'
    write_video(frames, video, quantiser=4)
    tree, originals = make_tree(folder / 'one', video), make_tree(folder / 'two', video, suffix='.avi')
    with working_in(folder):
        verdicts = [
            *_of_dataset(tree, folder / 'list.txt'),
            *_of_prepare(tree, folder / 'list.txt', folder / 'prepared', reencode),
            *_of_two_files(tree, originals, folder / 'list.txt'),
            ('no name ran anything', not list(folder.rglob(f'{CANARY}*'))),
        ]
    counts = {'refused': len(REFUSED), 'links': len(LINKS_OUT), 'literal': len(LITERAL), 'checks': len(verdicts)}
    return [title for title, right in verdicts if not right], counts


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Where a name that ran would leave its file."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def build(ann_file: Path, **arguments: Any) -> Any:
    """The demo's training set on a list of ours."""
    config = load_config(REPOSITORY / 'configs/demo/pretrain.py').train_dataloader.dataset.to_dict()
    return DATASETS.build(config | dict(ann_file=str(ann_file), on_error='raise') | arguments)


def _refuses(call: Callable[[], object], name: str) -> bool:
    """An AnnotationError that says which name."""
    try:
        call()
    except AnnotationError as error:
        return Path(name).name in str(error) or repr(name)[1:-1] in str(error)
    except VideoError:  # it went as far as to open the file
        return False
    return False


def _of_dataset(tree: Tree, ann_file: Path) -> Iterator[tuple[str, bool]]:
    prefix = dict(data_prefix=dict(video=str(tree.root)))
    for name in REFUSED:
        ann_file.write_bytes(f'plain.mp4 0\n{name} 0\n'.encode())
        yield f'the data set refuses {name!r}', _refuses(lambda: build(ann_file, **prefix), name)
    for name in LINKS_OUT:
        ann_file.write_text(f'{name} 0\n')
        yield f'the data set refuses the link {name}', _refuses(lambda: build(ann_file, **prefix)[0], name)
    ann_file.write_text(''.join(f'{name} 0\n' for name in LITERAL))
    dataset = build(ann_file, **prefix)
    for number, name in enumerate(LITERAL):
        yield f'the data set reads {name!r}', dataset[number]['data_samples'].path == name


def _of_two_files(prepared: Tree, originals: Tree, ann_file: Path) -> Iterator[tuple[str, bool]]:
    """Links out of the folder of the originals; in the other folder ordinary files take their places."""
    two = dict(data_prefix=dict(video=str(prepared.root), rgb=str(originals.root)), rgb_suffix='.avi')
    (prepared.root / 'link_to_folder').unlink()
    (prepared.root / 'link_to_folder').mkdir()
    for name in LINKS_OUT:
        (prepared.root / name).unlink(missing_ok=True)
        (prepared.root / name).write_bytes((prepared.root / 'plain.mp4').read_bytes())
        ann_file.write_text(f'{name} 0\n')
        yield f'two files refuse the link {name}', _refuses(lambda: build(ann_file, **two)[0], Path(name).stem)
    ann_file.write_text(''.join(f'{name} 0\n' for name in LITERAL))
    dataset = build(ann_file, **two)
    for number, name in enumerate(LITERAL):
        yield f'two files read {name!r}', dataset[number]['data_samples'].path == name


def _of_prepare(tree: Tree, ann_file: Path, prepared: Path, reencode: bool) -> Iterator[tuple[str, bool]]:
    ann_file.write_bytes(''.join(f'{name} 0\n' for name in (*REFUSED, *LINKS_OUT, *LITERAL)).encode())
    listed, walked = find_in_list(ann_file, tree.root), find_in_folder(tree.root)
    for title, listing in (('listed', listed), ('found in the folder', walked)):
        taken, refused = {source.path for source in listing.sources}, {path for path, _ in listing.refused}
        for name in REFUSED:
            yield f'prepare_videos.py refuses {name!r}, {title}', name not in taken
        for name in LINKS_OUT:
            unseen = name.startswith('link_to_folder') and listing is walked  # links to folders are not entered
            left_out = name not in taken and (unseen or name in refused)
            yield f'prepare_videos.py refuses the link {name}, {title}', left_out
        for name in LITERAL:
            yield f'prepare_videos.py takes {name!r}, {title}', name in taken
    chosen = [source for source in listed.sources if reencode or ';' in source.path]
    outcomes = list(prepare_all(tree.root, prepared, 'paper', 'vectors', chosen, workers=2))
    for outcome in outcomes:
        yield f'prepare_videos.py makes {outcome.source.path!r}', outcome.failure is None
    made = {path.relative_to(prepared).as_posix() for path in prepared.rglob('*.mp4')}
    yield 'prepare_videos.py writes below DST alone', made == {source.target for source in chosen}
