"""Residuals and accumulated motion of whole videos: ours, the published way, a plain loop and the limits, on one core.

    python benchmarks/whole_stream.py                  # videos made on the spot
    python benchmarks/whole_stream.py --mpeg4 a.mp4    # yours, prepared with cmvl prepare

Results are compared before any timing. CPU seconds of all threads count.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from coviar_loop import c_library, load_published, one_pass
from extraction import count_frames, decode_only
from material import make_mpeg4
from side_by_side import Report, Route, Target, add_arguments, alternate, machine, publish, ratio

from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.accumulate import accumulate
from cmvl_mm.video.accumulate_reader import read_accumulated
from cmvl_mm.video.motion import MotionField
from cmvl_mm.video.residual_plan import plan_estimates
from cmvl_mm.video.residual_reader import ResidualReader, read_residuals

TOGETHER = 120  # frames read at a time: ten groups of pictures
LOOPED = 4  # frames of the plain loop, which takes a tenth of a second per frame


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    facts = machine()
    with tempfile.TemporaryDirectory() as temporary:
        paths = args.mpeg4 or make_mpeg4(Path(temporary), args.videos, args.frames)
        reports = [measure_residuals(paths, args.rounds), measure_accumulated(paths, args.rounds, Path(temporary))]
    publish(reports, ['decode only', 'decode only'], facts, args.json)


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--mpeg4', type=Path, nargs='+', help='your own prepared files')
    parser.add_argument('--videos', type=int, default=3, help='videos to make (default: %(default)s)')
    parser.add_argument('--frames', type=int, default=120, help='frames of each made video (default: %(default)s)')
    add_arguments(parser, rounds=7)
    return parser.parse_args(argv)


def measure_residuals(paths: list[Path], rounds: int) -> Report:
    frames = sum(count_frames(path) for path in paths)
    wide = sum(count_wide(path) for path in paths)
    routes = [
        Route('ours, vectors + residuals of 16 bits', 'ours', partial(of_each, paths, residuals, 16), frames),
        Route('ours, vectors + residuals of 8 bits', 'ours', partial(of_each, paths, residuals, 8), frames),
        Route('ours, vectors', 'ours', partial(of_each, paths, vectors), frames),
        Route('decoded minus predicted, in NumPy', 'peer', partial(of_each, paths, estimates), frames),
        Route('decode only', 'limit', partial(decode_only, paths, {}), frames),
    ]
    timings = alternate(routes, rounds, 'cpu')
    targets = [
        Target(f'{route.name}: times decode only', ratio(timings, route.name, 'decode only'), 0.6)
        for route in routes[:2]
    ]
    notes = [
        f'{wide} of {frames} frames hold residuals of more than 8 bits: 16 bits take another decode or two of them'
    ]
    return Report(f'Residuals; {len(paths)} videos, {frames} frames', 'frames', 'cpu', timings, targets, notes)


def measure_accumulated(paths: list[Path], rounds: int, folder: Path) -> Report:
    fields = [field_of(path) for path in paths]
    frames = sum(len(field.valid) for field, _ in fields)
    field, size = fields[0]
    library = c_library(folder)
    notes = [] if library else ["there is no C compiler here: CoViAR's loop is left out"]
    first = accumulate(field, height=size[0], width=size[1])
    np.testing.assert_array_equal(looped(field, size, LOOPED), first.vectors[:LOOPED])
    routes = [
        Route('ours, from the file', 'ours', partial(of_each, paths, accumulated), frames),
        Route('ours, from vectors', 'ours', partial(accumulate_all, fields), frames),
        Route('loop over pixels, from vectors', 'peer', partial(looped, field, size, LOOPED), LOOPED),
        Route('decode only', 'limit', partial(decode_only, paths, {}), frames),
    ]
    bounds = [('ours, from vectors', 'loop over pixels, from vectors', 20)]
    if library is not None:
        count = len(field.valid)
        published: Callable[[int], np.ndarray] = partial(load_published, library, paths[0])
        for number in range(0, count, 7):
            np.testing.assert_array_equal(published(number), first.vectors[number])
        routes += [
            Route(
                "CoViAR's way: a load a frame, its loop in C", 'peer', lambda: [*map(published, range(count))], count
            ),
            Route('one pass, the same loop in C', 'limit', partial(one_pass, library, paths[0]), count),
        ]
        bounds.append(('ours, from the file', routes[-2].name, 10))
    timings = alternate(routes, rounds, 'cpu')
    targets = [Target(f'{ours}: times {other}', ratio(timings, ours, other), bound) for ours, other, bound in bounds]
    title = f'Accumulated motion since the I-frame, per pixel; {len(paths)} videos, {frames} frames'
    return Report(title, 'frames', 'cpu', timings, targets, notes)


def of_each(paths: list[Path], read: Callable[..., object], *options: int) -> None:
    """Read every video, `TOGETHER` frames at a time."""
    for path in paths:
        with CompressedVideo(path, block=16) as video:
            for first in range(0, video.num_frames, TOGETHER):
                read(video, range(first, min(first + TOGETHER, video.num_frames)), *options)


def residuals(video: CompressedVideo, frames: range, bits: int) -> None:
    read_residuals(video, frames, bits=16 if bits == 16 else 8)


def vectors(video: CompressedVideo, frames: range) -> None:
    video.read(motion=frames)


def estimates(video: CompressedVideo, frames: range) -> None:
    with ResidualReader(video, plan=plan_estimates(video._decoder, video._facts, video.block, 16)) as reader:
        reader.read(frames)


def accumulated(video: CompressedVideo, frames: range) -> None:
    read_accumulated(video, frames)


def count_wide(path: Path) -> int:
    with CompressedVideo(path, block=16) as video:
        found = read_residuals(video, range(video.num_frames))
    predicted = found.predicted.repeat(16, axis=1).repeat(16, axis=2)[:, : found.y.shape[1], : found.y.shape[2]]
    beyond = (found.y > 127) | (found.y < -128)
    return int((beyond & predicted).any(axis=(1, 2)).sum())


def field_of(path: Path) -> tuple[MotionField, tuple[int, int]]:
    with CompressedVideo(path, block=16) as video:
        return video.read(motion=range(video.num_frames))[1], (video.height, video.width)


def accumulate_all(fields: list[tuple[MotionField, tuple[int, int]]]) -> None:
    for field, (height, width) in fields:
        for first in range(0, len(field.valid), TOGETHER):
            part = slice(first, first + TOGETHER)
            some = MotionField(field.vectors[part], field.valid[part], field.block, field.missing[part])
            accumulate(some, height=height, width=width)


def looped(field: MotionField, size: tuple[int, int], count: int) -> np.ndarray:
    """Apply the rule pixel by pixel to the first frames: (count, H, W, 2)."""
    height, width = size
    trace = [[(x, y) for x in range(width)] for y in range(height)]
    result = np.zeros((count, height, width, 2), np.int16)
    for number in range(1, count):
        moved = (np.fix(field.vectors[number] / 4).astype(int) * field.valid[number][..., None]).tolist()
        before = trace
        trace = [line.copy() for line in before]
        for y in range(height):
            for x in range(width):
                dx, dy = moved[y // field.block][x // field.block]
                if 0 <= y - dy < height and 0 <= x - dx < width:
                    trace[y][x] = before[y - dy][x - dx]
                result[number, y, x] = x - trace[y][x][0], y - trace[y][x][1]
    return result


if __name__ == '__main__':
    main()
