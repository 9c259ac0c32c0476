"""Every setting of the functions that docs/api/video.md lists, and values that it must not and may take."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from cmvl_mm.controlled.synthetic import make_moving_object, make_pan, make_zoom
from cmvl_mm.controlled.truth import ControlledTruth, block_truth
from cmvl_mm.video import (
    CompressedVideo,
    MotionField,
    accumulate,
    block_energy,
    patch_energy,
    read_accumulated,
    read_accumulated_residual,
    read_layout,
    read_quantisers,
    read_residuals,
)
from cmvl_mm.video.encode import Profile, reencode, write_video
from cmvl_mm.video.torch import GopDataset, VideoDataset, as_tensors
from cmvl_mm.visualization.arrows import draw_vectors

NO_COUNTS = (
    14.5,
    2.0,
    float('nan'),
    '2',
    b'2',
    True,
    np.True_,
    [2],
    2 + 0j,
    np.float64(2),
    np.array([1, 2]),
    Fraction(2),
)
NO_FLAGS = ('yes', 1, 0, None, np.int64(1), range(3), float('nan'))
NO_CHOICES = ('other', 1, True, b'past', ['past'], float('nan'))
NO_INDICES = (
    3,
    True,
    'abc',
    {1, 2},
    {1: 2},
    b'\x01',
    np.array(3),
    iter([1]),
    [1.5],
    [True],
    [np.nan],
    np.ones(3, bool),
)
NO_NUMBERS = (float('nan'), float('inf'), '1', b'1', None, True, [1.0], 1j, np.array([0.1]))
NO_PAIRS = (224, (224,), (9, 9, 9), (9.5, 9), (True, 9), ('9', '9'), (-1, 9), (0, 9), 'ab', (), False, (9, None))
SIZE = dict(height=84, width=116)


class Entry(NamedTuple):
    """One argument of one public function."""

    name: str
    """Of the argument, as an error shows it."""
    call: Callable[[Any], object]
    wrong: tuple[Any, ...]
    right: tuple[Any, ...] = ()


def count(name: str, call: Callable[[Any], object], *, least: int = 1, optional: bool = False) -> Entry:
    """A whole number; ``least`` and NumPy's own numbers will do."""
    wrong = (*NO_COUNTS, least - 1, *(() if optional else (None,)))
    return Entry(name, call, wrong, (max(least, 1), np.int64(max(least, 1)), np.uint8(max(least, 1))))


def entries(video: CompressedVideo, folder: Any) -> Iterator[Entry]:
    """Every count, index, flag and choice of the functions of docs/api/video.md."""
    path = video.path
    residual = read_residuals(video, [0, 1, 2])
    motion = residual.motion
    yield count('block', lambda x: CompressedVideo(path, x), optional=True)
    yield Entry('keep_index', lambda x: CompressedVideo(path, keep_index=x), NO_FLAGS)
    for kind in ('rgb', 'motion'):
        yield Entry(
            'display ind', lambda x, kind=kind: video.read(**{kind: x}), NO_INDICES, ([1, np.uint8(2)], range(3))
        )
    for read in (read_residuals, read_quantisers, read_accumulated, read_accumulated_residual):
        yield Entry('display ind', lambda x, read=read: read(video, x), NO_INDICES, ([1, np.uint8(2)], np.arange(3)))
        yield Entry('needs an open CompressedVideo', lambda x, read=read: read(x, [1]), (None, path, 3))
    yield Entry('needs an open CompressedVideo', read_layout, (None, path, 3))
    for read in (read_accumulated, read_accumulated_residual):
        yield count('over', lambda x, read=read: read(video, [5], over=x), optional=True)
    yield Entry('bits', lambda x: read_residuals(video, [1], bits=x), (8.0, '8', True, None, 12), (8, np.int64(16)))
    yield Entry('', lambda x: video[x], (*(each for each in NO_COUNTS), None), (np.uint8(3), -1))
    yield Entry('of a slice', lambda x: video[x:], NO_COUNTS, (np.int64(24), -1, None))
    yield Entry('seconds', video.index_at, (*NO_NUMBERS, np.datetime64('2020')), (0, np.float32(0.5), Fraction(1, 2)))

    def iterate(**settings: Any) -> object:
        return next(video.iterate(**({'rgb': True} | settings)))

    for name in ('batch', 'workers', 'step'):
        yield count(name, lambda x, name=name: iterate(**{name: x}))
    for name in ('start', 'stop'):
        wrong = (*NO_COUNTS, *((None,) if name == 'start' else ()))
        yield Entry(name, lambda x, name=name: iterate(**{name: x}), wrong, (1, np.uint8(1)))
    readers: list[tuple[Callable[..., object], dict[str, Any]]] = [(iterate, {})]
    for dataset, given in ((VideoDataset, {'motion': True}), (GopDataset, {})):

        def make(dataset: Any = dataset, given: Any = given, **settings: Any) -> object:
            return dataset([path], **(given | settings))

        readers.append((make, {}))
        yield count('block', lambda x, make=make: make(block=x), optional=True)
        yield count('seed', lambda x, make=make: make(seed=x), least=0)
        yield count('interleave', lambda x, make=make: make(interleave=x))
        yield Entry(
            'rank', lambda x, make=make: make(rank=x, world_size=3), (*NO_COUNTS, None, -1, 3), (2, np.uint8(2))
        )
        yield Entry('world_size', lambda x, make=make: make(rank=1, world_size=x), (*NO_COUNTS, None, 0), (2,))
        yield Entry('shuffle', lambda x, make=make: make(shuffle=x), NO_FLAGS, (np.True_,))
        yield Entry('channels', lambda x, make=make: make(channels=x), (*NO_CHOICES, None), ('first',))
        yield Entry('on_error', lambda x, make=make: make(on_error=x), (*NO_CHOICES, None), ('skip',))
        wrong_lists = (None, 3, path, b'', {path}, {path: 1}, [], [None], [3], [''], [path, True], [video])
        yield Entry('videos', lambda x, d=dataset, given=given: d(x, **given), wrong_lists, ([path], (path, b'1')))
        yield count('epoch', lambda x, make=make: make().set_epoch(x), least=0)
    for read, _ in readers:
        yield Entry('residual', lambda x, read=read: read(residual=x), NO_FLAGS, (True, np.False_))
        yield Entry('directions', lambda x, read=read: read(directions=x), (*NO_CHOICES, None), ('both',))
        yield Entry('normalise', lambda x, read=read: read(normalise=x), NO_CHOICES, ('per_frame', None))
        yield Entry('bits', lambda x, read=read: read(bits=x), (8.0, '8', True, None, 12), (8, np.int64(16)))
    for read in (iterate, lambda **settings: VideoDataset([path], **({'rgb': True} | settings))):
        yield Entry('motion', lambda x, read=read: read(motion=x), NO_FLAGS, (True, np.True_))
        yield Entry('rgb', lambda x, read=read: read(motion=True, rgb=x), (*NO_FLAGS, 'keyframe'), ('keyframes', False))
        yield Entry('nothing is requested', lambda x, read=read: read(rgb=x), (False,))
    yield Entry('directions', lambda x: video.read(motion=[1], directions=x), (*NO_CHOICES, None))
    yield Entry('normalise', lambda x: video.read(motion=[1], normalise=x), NO_CHOICES)
    for name in ('batch', 'step'):
        yield count(name, lambda x, name=name: VideoDataset([path], rgb=True, **{name: x}))
    yield Entry('items', lambda x: VideoDataset([path], rgb=True, items=x), (*NO_CHOICES, None), ('frames',))
    yield Entry('split', lambda x: GopDataset([path], split=x), (*NO_CHOICES, None), ('gops',))
    yield Entry('channels', lambda x: as_tensors(motion, channels=x), (*NO_CHOICES, None), ('first',))
    yield Entry('is not a record', as_tensors, (None, video, residual.y, MotionField, {}))

    yield count('over', lambda x: accumulate(motion, **SIZE, over=x), optional=True)
    wrong_rows = (3, 'abc', [-1, 0.5, 1], [-1, np.nan, 1], [-1, True, 1], [0, 1, 2], [-2, 0, 1], [-1, 0], [-1, None, 1])
    yield Entry(
        'before', lambda x: accumulate(motion, **SIZE, before=x), wrong_rows, ([-1, 0, 0], np.array([-1, 0, 1]))
    )
    for field in (motion, residual):
        yield count('patch', lambda x, field=field: patch_energy(field, **SIZE, patch=x))
        yield Entry(
            'size', lambda x, f=field: patch_energy(f, **SIZE, patch=4, size=x), NO_PAIRS, ((9, 8), np.array([9, 8]))
        )
        for name in SIZE:
            calls = lambda x, f=field, n=name: patch_energy(f, **(SIZE | {n: x}), patch=14)  # noqa: E731
            yield Entry(name, calls, (*NO_COUNTS, None, 0), (np.uint8(SIZE[name]),))
    for name in SIZE:
        calls = lambda x, n=name: accumulate(motion, **(SIZE | {n: x}))  # noqa: E731
        yield Entry(name, calls, (*NO_COUNTS, None, 0), (np.uint8(SIZE[name]),))
    yield Entry('needs a', lambda x: patch_energy(x, **SIZE, patch=14), (None, motion.vectors, video))
    yield Entry('needs a', lambda x: accumulate(x, **SIZE), (None, motion.vectors, residual))
    yield Entry('needs a', block_energy, (None, motion, residual.y))
    arrays = dict(vectors=np.zeros((2, 3, 4, 2), np.int16), valid=np.zeros((2, 3, 4), np.bool_))
    yield count('block', lambda x: MotionField(**arrays, block=x))
    wrong_steps = ((1,), (1, 2, 3), (1.5, 1), (True, 1), ('1', 1), (0, 1), ())
    right_steps = ((1, None), (np.int64(2), -1), None)
    yield Entry('distance', lambda x: MotionField(**arrays, block=16, distance=x), wrong_steps, right_steps)
    wrong_reasons = (('an I-frame',), ('', None), (0, None), (True, None), (b'why', None))
    yield Entry(
        'missing', lambda x: MotionField(**arrays, block=16, missing=x), wrong_reasons, ((), ('an I-frame', None))
    )
    yield Entry(
        'vectors',
        lambda x: MotionField(**(arrays | {'vectors': x}), block=16),
        (np.zeros((2, 3, 4, 2), np.float32), np.zeros((2, 3, 4, 2), np.int32), None),
    )
    yield Entry(
        'valid', lambda x: MotionField(**(arrays | {'valid': x}), block=16), (np.zeros((2, 3, 4), np.uint8), None)
    )

    still = np.zeros((2, 16, 16, 3), np.uint8)
    quantisers = (*NO_COUNTS, None, 0, 32)
    yield Entry('quantiser', lambda x: write_video(still, folder / 'o.mp4', quantiser=x), quantisers, (1, np.uint8(31)))
    yield Entry(
        'fps', lambda x: write_video(still, folder / 'o.mp4', fps=x), (*NO_NUMBERS, 0, -5, 1e-4, 1001), (0.001, 1000)
    )
    yield Entry('file_size', lambda x: write_video(still, folder / 'o.mp4', file_size=x), (*NO_COUNTS, 0), (9000,))
    wrong_frames = (still[0], still.astype(float), still[..., :2], ['a'])
    yield Entry('a frame is', lambda x: write_video(x, folder / 'o.mp4'), wrong_frames)
    yield Entry('quantiser', lambda x: Profile(x), quantisers, (np.uint8(1), 31))
    yield Entry('size', lambda x: Profile(3, size=x), NO_PAIRS, ((340, 256),))
    yield count('short_side', lambda x: Profile(3, short_side=x), least=2, optional=True)
    yield Entry('size', lambda x: Profile(3, size=(16, 16), short_side=x), (16,))
    yield Entry('profile', lambda x: reencode(path, folder / 'r.mp4', profile=x), ('paper', None, 3, Profile))
    for name in ('num_frames', 'height', 'width'):
        yield count(name, lambda x, name=name: make_pan(displacement=(1, 0), **({'num_frames': 2} | {name: x})))
    wrong_moves = (3, (1,), (1, 2, 3), (float('nan'), 1), 'ab', None, ('1', '2'))
    yield Entry('displacement', lambda x: make_pan(displacement=x, num_frames=2), wrong_moves, ((1.5, -2),))
    yield Entry('displacement', lambda x: make_moving_object(displacement=x, num_frames=2), (*wrong_moves, (1.5, 0)))
    yield Entry('rate', lambda x: make_zoom(rate=x, num_frames=2), (*NO_NUMBERS, 0, -1), (1, 0.9))
    yield count('size', lambda x: make_moving_object(displacement=(1, 0), num_frames=2, size=x))
    yield count('seed', lambda x: make_pan(displacement=(1, 0), num_frames=2, seed=x), least=0)
    still_truth = ControlledTruth(
        context='',
        motion='',
        size=(84, 116),
        centres=np.zeros((2, 1, 2), np.float32),
        diameters=np.ones((2, 1), np.float32),
        displacement=np.zeros((2, 1, 2), np.float32),
        background=np.zeros((2, 2), np.float32),
        zoom=np.ones(2, np.float32),
    )
    yield count('block', lambda x: block_truth(still_truth, x))
    cells = motion.vectors[0], motion.valid[0]
    yield Entry('block', lambda x: draw_vectors(video[0], *cells, block=x), (*NO_COUNTS, None, 0), (np.uint8(16),))
    yield count('scale', lambda x: draw_vectors(video[0], *cells, block=16, scale=x))
