"""Read motion vectors and I-frames of whole videos: ours, common alternatives, and the limits, on one core.

    python benchmarks/extraction.py                              # videos made on the spot
    python benchmarks/extraction.py --mpeg4 a.mp4 --h264 b.mp4   # yours: 340x256, an I-frame every 12 frames

Before any timing, every route's vectors are compared with ours. CPU seconds of all threads count, so a route with
several threads has no advantage.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from material import make_h264, make_mpeg4
from mmaction.datasets.transforms import PyAVDecodeMotionVector
from side_by_side import Report, Route, Target, add_arguments, alternate, machine, publish, ratio

import cmvl_mm.register  # noqa: F401  (mends what keeps MMAction2 from being imported)
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.columns import RECORD
from cmvl_mm.video.motion import QUARTERS
from cmvl_mm.video.raster import rasterise

try:
    from mvextractor.videocap import VideoCap
except ImportError:
    VideoCap = None

Vectors = np.ndarray  # float (H, W, 2) px, dst - src, of one frame at full resolution; or a grid of them

EXPORT = {'flags2': '+export_mvs'}
EXTRACTOR = 'motion-vector-extractor, raw'
WANTED_OF_MPEG4 = {'decode only': 0.90, 'PyAV, records': 10, EXTRACTOR: 2.2}
WANTED_OF_H264 = {'decode only': 0.80}  # no decoder is ten times as fast as the loops there, see the row of the limit


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    facts = machine()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        mpeg4 = args.mpeg4 or make_mpeg4(folder, args.videos, args.frames)
        h264 = args.h264 or make_h264(folder, args.videos, args.frames)
        reports = [
            measure('MPEG-4 340x256, GOP 12, vectors on 16 px', mpeg4, 16, args.rounds, wanted=WANTED_OF_MPEG4),
            measure('H.264 340x256, GOP 12, vectors on 8 px', h264, 8, args.rounds, wanted=WANTED_OF_H264),
        ]
    publish(reports, ['decode only', 'decode only'], facts, args.json)


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--mpeg4', type=Path, nargs='+', help='your own MPEG-4 Part 2 files')
    parser.add_argument('--h264', type=Path, nargs='+', help='your own H.264 files')
    parser.add_argument('--videos', type=int, default=3, help='videos to make per codec (default: %(default)s)')
    parser.add_argument('--frames', type=int, default=120, help='frames of each made video (default: %(default)s)')
    add_arguments(parser, rounds=7)
    return parser.parse_args(argv)


def measure(title: str, paths: list[Path], block: int, rounds: int, wanted: dict[str, float]) -> Report:
    """Check that all routes agree, then time them."""
    peers: dict[str, Callable[[Path], Iterator[Vectors | None]]] = {
        'PyAV, MotionVector objects': objects_painted,
        'PyAV, records': records_painted,
        'MMAction2 PyAVDecodeMotionVector': mmaction_painted,
    }
    notes = []
    if VideoCap is None:
        notes.append('motion-vector-extractor is not installed: pip install motion-vector-extractor --no-deps')
    else:
        peers['motion-vector-extractor + grid'] = partial(extractor_grid, block=block)
    for name, route in peers.items():
        for path in paths:
            check(name, path, block, route)
    frames = sum(count_frames(path) for path in paths)
    routes = [
        Route('ours, vectors + I-frames', 'ours', partial(read_ours, paths, block, True), frames),
        Route('ours, vectors', 'ours', partial(read_ours, paths, block, False), frames),
        *(Route(name, 'peer', partial(consume, paths, route), frames) for name, route in peers.items()),
        Route('decode only', 'limit', partial(decode_only, paths, {}), frames),
        Route('decode only, vectors exported', 'limit', partial(decode_only, paths, EXPORT), frames),
        Route('demux only', 'limit', partial(demux_only, paths), frames),
    ]
    if VideoCap is not None:
        routes.insert(5, Route(EXTRACTOR, 'peer', partial(extractor_raw, paths), frames))
    timings = alternate(routes, rounds, 'cpu')
    ours = routes[0].name
    measured = {route.name for route in routes}
    targets = [
        Target(f'{ours}: times {name}', ratio(timings, ours, name), bound)
        for name, bound in wanted.items()
        if name in measured
    ]
    targets.append(Target('ours, vectors: times decode only', ratio(timings, 'ours, vectors', 'decode only'), 1.0))
    return Report(f'{title}; {len(paths)} videos, {frames} frames', 'frames', 'cpu', timings, targets, notes)


def read_ours(paths: list[Path], block: int, iframes: bool) -> None:
    for path in paths:
        with CompressedVideo(path, block=block) as video:
            video.read(rgb=video.keyframes if iframes else (), motion=range(video.num_frames))


def count_frames(path: Path) -> int:
    with CompressedVideo(path) as video:
        return video.num_frames


def decode_only(paths: list[Path], options: dict[str, str]) -> None:
    for path in paths:
        for _ in _decoded(path, options):
            pass


def demux_only(paths: list[Path]) -> None:
    for path in paths:
        with av.open(str(path)) as container:
            for _ in container.demux(container.streams.video[0]):
                pass


def consume(paths: list[Path], route: Callable[[Path], Iterator[Vectors | None]]) -> None:
    for path in paths:
        for _ in route(path):
            pass


def objects_painted(path: Path) -> Iterator[Vectors | None]:
    """The loop of PyAV's own documentation, with one Python object per vector; I-frames become RGB."""
    for frame, entry in _with_side_data(path):
        if entry is None:
            yield None
            continue
        painted = np.zeros((frame.height, frame.width, 2), np.float32)
        for vector in entry:
            left, top = vector.dst_x - vector.w // 2, vector.dst_y - vector.h // 2
            moved = -vector.motion_x / vector.motion_scale, -vector.motion_y / vector.motion_scale
            painted[max(top, 0) : top + vector.h, max(left, 0) : left + vector.w] = moved
        yield painted


def records_painted(path: Path) -> Iterator[Vectors | None]:
    """The same loop over the rows of `to_ndarray()`."""
    for frame, entry in _with_side_data(path):
        if entry is None:
            yield None
            continue
        painted = np.zeros((frame.height, frame.width, 2), np.float32)
        for row in entry.to_ndarray():
            w, h = int(row['w']), int(row['h'])
            left, top = int(row['dst_x']) - w // 2, int(row['dst_y']) - h // 2
            moved = -row['motion_x'] / row['motion_scale'], -row['motion_y'] / row['motion_scale']
            painted[max(top, 0) : top + h, max(left, 0) : left + w] = moved
        yield painted


def mmaction_painted(path: Path) -> Iterator[Vectors | None]:
    """MMAction2's own transform: vectors in whole pixels, int8, without blocks at the right and lower edge."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        wanted = np.arange(stream.frames)
        results = PyAVDecodeMotionVector()(dict(video_reader=container, frame_inds=wanted))
    for number, painted in enumerate(results['motion_vectors']):
        yield None if not number else painted


def extractor_raw(paths: list[Path]) -> None:
    for path in paths:
        for _ in _extracted(path):
            pass


def extractor_grid(path: Path, block: int) -> Iterator[Vectors | None]:
    """The rows of motion-vector-extractor on our grid."""
    names = ('source', 'w', 'h', 'src_x', 'src_y', 'dst_x', 'dst_y', 'motion_x', 'motion_y', 'motion_scale')
    for picture, rows in _extracted(path):
        if not len(rows):
            yield None
            continue
        records = np.zeros(len(rows), RECORD)
        for column, name in enumerate(names):
            records[name] = rows[:, column]
        yield rasterise([records], *picture.shape[:2], block)[0][0] / QUARTERS


def check(name: str, path: Path, block: int, route: Callable[[Path], Iterator[Vectors | None]]) -> None:
    """Compare a route with ours at cells whose pixels share one vector.

    Raises:
        AssertionError: the route gives other vectors, so its time would mean nothing.
    """
    with CompressedVideo(path, block=block) as video:
        field = video.read(motion=range(video.num_frames)).motion
        keys = set(video.keyframes.tolist())
    tolerance = 0.75 if name.startswith('MMAction2') else 1e-6  # px: MMAction2 drops the fraction
    number = -1
    for number, theirs in enumerate(route(path)):
        if number in keys:
            continue
        assert theirs is not None, f'{name}, {path}: frame {number} has no vectors'
        ours = field.vectors[number] / QUARTERS
        inside = np.abs(ours).max(-1) < 120  # px: the range of int8
        if theirs.shape[:2] != ours.shape[:2]:  # at full resolution: every pixel of a whole cell
            rows, columns = theirs.shape[0] // block, theirs.shape[1] // block
            cells = theirs[: rows * block, : columns * block].reshape(rows, block, columns, block, 2)
            ours, inside = ours[:rows, :columns], inside[:rows, :columns]
            if name.startswith('MMAction2'):  # without edge blocks
                inside[-(32 // block) :], inside[:, -(32 // block) :] = False, False
            theirs = cells[:, block // 2, :, block // 2]
        worst = np.abs(theirs - ours)[inside].max()
        assert worst <= tolerance, f'{name}, {path}: frame {number} is {worst} px off'
    assert number + 1 == len(field.vectors), f'{name}, {path}: {number + 1} of {len(field.vectors)} frames'


def _decoded(path: Path, options: dict[str, str]) -> Iterator[av.VideoFrame]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = options
        yield from container.decode(stream)


def _with_side_data(path: Path) -> Iterator[tuple[av.VideoFrame, Any]]:
    """Frames and their vectors in PyAV's usual way; I-frames become RGB, as in ours."""
    for frame in _decoded(path, EXPORT):
        if frame.key_frame:
            frame.to_ndarray(format='rgb24')
        yield frame, frame.side_data.get('MOTION_VECTORS')


def _extracted(path: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    reader = VideoCap()
    if not reader.open(str(path)):
        raise OSError(f'motion-vector-extractor cannot open {path}')
    try:
        while True:
            success, picture, rows, _ = reader.read()
            if not success:
                return
            yield picture, rows
    finally:
        reader.release()


if __name__ == '__main__':
    main()
