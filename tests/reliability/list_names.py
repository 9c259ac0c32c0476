"""Names that somebody may write into a list, through every reader of lists: refused, or taken as they are."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mmaction.registry import DATASETS
from short_run import config

from cmvl_mm.controlled.basic import CONTEXTS, MOTIONS, make_controlled_video
from cmvl_mm.datasets.annotation import AnnotationError
from cmvl_mm.prepare.run import prepare_all
from cmvl_mm.prepare.sources import find_in_folder, find_in_list
from cmvl_mm.video import VideoError
from cmvl_mm.video.encode import write_video

Verdicts = Iterator[tuple[str, bool]]

OUTSIDE = ('/outside/secret.mp4', '//outside/secret.mp4', '..', '../outside/secret.mp4')
OUTSIDE += ('folder/../../outside/secret.mp4', './../outside/secret.mp4')
CONTROLS = ('nul\0.mp4', 'carriage\rreturn.mp4', 'line\u2028separator.mp4', 'paragraph\u2029.mp4', 'next\x85line.mp4')
CONTROLS += ('vertical\x0btab.mp4', 'form\x0cfeed.mp4', 'tab\tbed.mp4', '\x1b[2Jcleared.mp4')
SHELL = ('$(date).mp4', '`date`.mp4', '$HOME.mp4', 'a|b.mp4', 'a>b.mp4', 'a<b.mp4', 'a"b.mp4', 'back\\slash.mp4')
SHELL += ('*.mp4', '?.mp4')
REFUSED = OUTSIDE + CONTROLS + SHELL
LINKS_OUT = {  # name -> what the link (the first part that is one) says
    'link_to_file.mp4': '../outside/secret.mp4',
    'link_to_device.mp4': '/dev/null',
    'link_to_link.mp4': 'link_to_file.mp4',
    'link_to_folder/secret.mp4': '../outside',
    'folder/deep_link.mp4': '../../outside/secret.mp4',
}
PLAIN = ('plain.mp4', 'with space.mp4', "it's.mp4", 'a; b.mp4', 'a & b.mp4', '#122_(Cleaning)_[Up]!.mp4', '12.mp4')
PLAIN += ('Geena_und_die_Radschl_ge___;-)_cartwheel.mp4', '-rf.mp4', '--help.mp4', '~.mp4', '~root/in a folder.mp4')
PLAIN += ('{a,b}.mp4', '%03d.mp4', '%s%n.mp4', 'http:example.mp4', 'pipe:0.mp4', 'concat:plain.mp4', '.hidden.mp4')
PLAIN += ('subfile,,start,0,end,9,,:plain.mp4', 'a=b^c+d@e,f.mp4')
UNICODE = ('übung 視頻.mp4', 'u\u0308bung 視頻.mp4', 'no\u00a0break \u202fPM.mp4', '\u3000ideographic\u3000.mp4')
UNICODE += ('joined \U0001f468\u200d\U0001f469.mp4', '\u0645\u06cc\u200c\u062f.mp4', 'soft\u00adhyphen.mp4')
UNICODE += ('right\u202e4pm.left.mp4', '\u202acopied path\u202c.mp4')
LITERAL = PLAIN + UNICODE


def make_root(folder: Path, video: Path, suffix: str = '.mp4') -> Path:
    """A root with a copy of the video under every name that the file system takes, and a secret beside it.

    Files are there under refused names, too, so that refusing is not mistaken for not finding.
    """
    root, outside = folder / 'root', folder / 'outside'
    for path in (outside / f'secret{suffix}', *((root / name).with_suffix(suffix) for name in LITERAL)):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(video, path)
    for name in CONTROLS + SHELL:
        if '\0' not in name:
            shutil.copy(video, root / name)
    (root / 'folder').mkdir()
    for name, target in LINKS_OUT.items():
        link = root / (name.removesuffix('/secret.mp4') if name.startswith('link_to_folder') else name)
        link.with_suffix(suffix if link.suffix else '').symlink_to(target.replace('.mp4', suffix))
    return root


def check_all(folder: Path, *, reencode: bool) -> tuple[list[str], dict[str, int]]:
    """Verdicts that are wrong, in words, and how many there were.

    Args:
        folder: for the files.
        reencode: let prepare_videos.py's workers make all the ordinary ones, not one.
    """
    folder.mkdir(parents=True)
    video, ann_file = folder / 'video.mp4', folder / 'list.txt'
    write_video(make_controlled_video((1, 0), CONTEXTS[0], MOTIONS[0])[0], video, quantiser=4)
    root, originals = make_root(folder / 'one', video), make_root(folder / 'two', video, suffix='.avi')
    verdicts = [
        *_of_dataset('one file', ann_file, dict(data_prefix=dict(video=str(root)))),
        *_of_prepare(root, ann_file, folder / 'prepared', reencode),
    ]
    # Two files: the links lead out of the folder of the originals; beside the prepared ones, ordinary files lie there.
    (root / 'link_to_folder').unlink()
    (root / 'link_to_folder').mkdir()
    for name in LINKS_OUT:
        (root / name).unlink(missing_ok=True)
        shutil.copy(video, root / name)
    both = dict(data_prefix=dict(video=str(root), rgb=str(originals)), rgb_suffix='.avi')
    verdicts += _of_dataset('two files', ann_file, both)
    counts = {'refused': len(REFUSED), 'links': len(LINKS_OUT), 'literal': len(LITERAL), 'checks': len(verdicts)}
    return [title for title, right in verdicts if not right], counts


def _of_dataset(title: str, ann_file: Path, changes: dict[str, Any]) -> Verdicts:
    """The demo's training set on lists of ours."""
    dataset = config({}).train_dataloader.dataset.to_dict()

    def build() -> Any:
        return DATASETS.build(dataset | dict(ann_file=str(ann_file), on_error='raise') | changes)

    for name in REFUSED:
        ann_file.write_bytes(f'plain.mp4 0\n{name} 0\n'.encode())
        yield f'{title}: {name!r} is refused', _refuses(build, name)
    for name in LINKS_OUT:
        ann_file.write_text(f'{name} 0\n')
        yield f'{title}: the link {name} is refused', _refuses(lambda: build()[0], Path(name).stem)
    ann_file.write_bytes(''.join(f'{name} 0\n' for name in LITERAL).encode())
    found = build()
    for number, name in enumerate(LITERAL):
        yield f'{title}: {name!r} is read', found[number]['data_samples'].path == name


def _refuses(call: Callable[[], object], name: str) -> bool:
    """An AnnotationError that says which name; a VideoError would have gone as far as to open the file."""
    try:
        call()
    except AnnotationError as error:
        return Path(name).name in str(error) or repr(name)[1:-1] in str(error)
    except VideoError:
        pass
    return False


def _of_prepare(root: Path, ann_file: Path, prepared: Path, reencode: bool) -> Verdicts:
    ann_file.write_bytes(''.join(f'{name} 0\n' for name in (*REFUSED, *LINKS_OUT, *LITERAL)).encode())
    listed, walked = find_in_list(ann_file, root), find_in_folder(root)
    for title, listing in (('listed', listed), ('found in the folder', walked)):
        taken, refused = {source.path for source in listing.sources}, {path for path, _ in listing.refused}
        for name in REFUSED:
            yield f'prepare_videos.py refuses {name!r}, {title}', name not in taken
        for name in LINKS_OUT:
            unseen = name.startswith('link_to_folder') and listing is walked  # links to folders are not entered
            yield (
                f'prepare_videos.py refuses the link {name}, {title}',
                name not in taken and (unseen or name in refused),
            )
        for name in LITERAL:
            yield f'prepare_videos.py takes {name!r}, {title}', name in taken
    chosen = [source for source in listed.sources if reencode or source.path == 'a; b.mp4']
    for outcome in prepare_all(root, prepared, 'paper', 'vectors', chosen, workers=2):
        yield f'prepare_videos.py makes {outcome.source.path!r}', outcome.failure is None
    made = {path.relative_to(prepared).as_posix() for path in prepared.rglob('*.mp4')}
    yield 'prepare_videos.py writes below DST alone', made == {source.target for source in chosen}
