"""Vectors of long 1080p videos by batches: one or several decoders, other tools, memory; and with I-frames.

    python benchmarks/long_video.py                              # videos made on the spot
    python benchmarks/long_video.py --h264 a.mp4 --mpeg4 b.mp4   # yours; a prepared one for --mpeg4

Memory is the peak resident size of a separate process that reads one minute of video, or ten.
"""

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import av
from material import make_full_hd_h264, make_full_hd_mpeg4, repeat_packets
from side_by_side import Report, Route, Target, add_arguments, alternate, machine, publish, ratio

from cmvl_mm.video import CompressedVideo

try:
    from mvextractor.videocap import VideoCap
except ImportError:
    VideoCap = None

EXTRACTOR = 'motion-vector-extractor'
MEGABYTE = 1 << 20
TIMES = 3  # times the made video is repeated: a minute


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if args.peak is not None:
        print(peak_of(args.peak, args.workers))
        return
    facts = machine()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        h264 = args.h264 or make_full_hd_h264(folder, args.frames)
        mpeg4 = args.mpeg4 or make_full_hd_mpeg4(h264, folder)
        # several segments per worker: with two, opening files and waiting for the longer one take a tenth
        minute = repeat_packets(h264, folder / 'minute.mp4', max(round(TIMES * args.frames / count_frames(h264)), 1))
        reports = [
            measure_workers(minute, args.workers, args.rounds),
            measure_keyframes('H.264', h264, args.rounds),
            measure_keyframes('prepared MPEG-4', mpeg4, args.rounds),
        ]
        if not args.no_memory:
            long = args.long or repeat_packets(minute, folder / 'long.mp4', 10)
            reports[0].targets.extend(measure_memory(minute, long, args.workers))
    publish(reports, ['decode only'] * 3, facts, args.json)


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--h264', type=Path, help='your own 1080p H.264 file')
    parser.add_argument('--mpeg4', type=Path, help='your own 1080p file of cmvl prepare')
    parser.add_argument('--long', type=Path, help='video of ten minutes (default: --h264 repeated)')
    parser.add_argument('--frames', type=int, default=500, help='frames of each made video (default: %(default)s)')
    parser.add_argument('--workers', type=int, default=2, help='the second number of workers (default: %(default)s)')
    parser.add_argument('--no-memory', action='store_true', help='skip the long video')
    parser.add_argument('--peak', type=Path, help=argparse.SUPPRESS)
    add_arguments(parser, rounds=5)
    return parser.parse_args(argv)


def measure_workers(path: Path, workers: int, rounds: int) -> Report:
    """Measure vectors alone, by wall time."""
    frames = count_frames(path)
    one, several, together = 'ours, 1 worker', f'ours, {workers} workers', f'decode only, {workers} at once'
    routes = [
        Route(one, 'ours', partial(iterate, path, 1), frames),
        Route(several, 'ours', partial(iterate, path, workers), frames),
        Route('decode only', 'limit', partial(decode_only, path), frames),
        Route(together, 'limit', partial(decode_side_by_side, path, workers), workers * frames),
    ]
    if VideoCap is not None:
        routes.append(Route(EXTRACTOR, 'peer', partial(extract, path), frames))
    timings = alternate(routes, rounds, 'wall')
    targets = [Target(f'{several}: times 1 worker', ratio(timings, several, one), 1.8)]
    notes = []
    if VideoCap is None:
        notes.append(f'{EXTRACTOR} is not installed: pip install {EXTRACTOR} --no-deps')
    else:
        targets.append(Target(f'{several}: times {EXTRACTOR}', ratio(timings, several, EXTRACTOR), 3))
    return Report(f'H.264 1080p, vectors by iterate, {frames} frames', 'frames', 'wall', timings, targets, notes)


def measure_keyframes(codec: str, path: Path, rounds: int) -> Report:
    """Measure vectors of all frames with pictures of the key frames, on one core."""
    frames = count_frames(path)
    routes = [
        Route('vectors + I-frames', 'ours', partial(iterate, path, 1, rgb='keyframes'), frames),
        Route('vectors', 'ours', partial(iterate, path, 1), frames),
        Route('I-frames', 'ours', partial(read_keyframes, path), frames),
        Route('decode only', 'limit', partial(decode_only, path), frames),
        Route('decode only, vectors exported', 'limit', partial(decode_only, path, flags2='+export_mvs'), frames),
    ]
    timings = alternate(routes, rounds, 'cpu')
    promise = f'{routes[0].name}: times decode only'
    targets = [Target(promise, ratio(timings, routes[0].name, 'decode only'), 0.75)]
    return Report(f'{codec} 1080p, {frames} frames', 'frames', 'cpu', timings, targets)


def measure_memory(path: Path, long: Path, workers: int) -> list[Target]:
    """Peak memory of separate processes."""
    targets = []
    for number in dict.fromkeys((1, workers)):
        short_peak, long_peak = (fresh_peak(video, number) for video in (path, long))
        name = f'peak memory of {count_frames(long)} frames, {number} worker{"s" * (number > 1)}'
        targets.append(Target(f'{name}, MB', long_peak / MEGABYTE, 300, 'at most'))
        targets.append(Target(f'{name}, times that of {count_frames(path)}', long_peak / short_peak, 1.05, 'at most'))
    return targets


def fresh_peak(path: Path, workers: int) -> int:
    command = [sys.executable, __file__, '--peak', str(path), '--workers', str(workers)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def peak_of(path: Path, workers: int) -> int:
    """Peak memory of this process in bytes, by Linux's count for its own program.

    `ru_maxrss` does not work: across exec it keeps the size of the process that started this one.
    """
    iterate(path, workers)
    [line] = [line for line in Path('/proc/self/status').read_text().splitlines() if line.startswith('VmHWM:')]
    return 1024 * int(line.split()[1])


def iterate(path: Path, workers: int, rgb: str | bool = False) -> None:
    with CompressedVideo(path) as video:
        for _ in video.iterate(motion=True, rgb=rgb, workers=workers):
            pass


def read_keyframes(path: Path) -> None:
    with CompressedVideo(path) as video:
        for _ in video.iterate(rgb='keyframes'):
            pass


def count_frames(path: Path) -> int:
    with CompressedVideo(path) as video:
        return video.num_frames


def decode_only(path: Path, **options: str) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = options
        for _ in container.decode(stream):
            pass


def decode_side_by_side(path: Path, threads: int) -> None:
    """Decode the whole video in each of `threads` decoders: the machine's limit, without our code."""
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode_only, [path] * threads))


def extract(path: Path) -> None:
    reader = VideoCap()
    if not reader.open(str(path)):
        raise OSError(f'{EXTRACTOR} cannot open {path}')
    try:
        while reader.read()[0]:
            pass
    finally:
        reader.release()


if __name__ == '__main__':
    main()
