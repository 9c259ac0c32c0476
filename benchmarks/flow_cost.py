"""The cost of motion: TV-L1 optical flow against motion vectors, on the same frames, in turn, on one core.

    python benchmarks/flow_cost.py prepared/a.mp4 prepared/b.mp4 --picture motion.png

It prints the median over the rounds, in milliseconds per frame from the closed file to arrays, and the share of moving
blocks in which both point the same way. Prepare the videos with cmvl prepare first.
"""

import argparse
import statistics
import time
from itertools import islice
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np

from cmvl_mm.datasets.flow import FLOW_BLOCK
from cmvl_mm.prepare.tvl1 import tvl1_flow
from cmvl_mm.video import CompressedVideo, MotionField
from cmvl_mm.video.motion import QUARTERS
from cmvl_mm.visualization.overlay import draw_arrows

VECTOR_BLOCK = 16  # px: the grid that loses nothing of prepared videos
MOVING = 1.0  # px per frame


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('videos', type=Path, nargs='+')
    parser.add_argument(
        '--frames', type=int, default=11, help='frames of each video, after the first (default: %(default)s)'
    )
    parser.add_argument('--rounds', type=int, default=3, help='rounds of each method (default: %(default)s)')
    parser.add_argument(
        '--picture', type=Path, help='file for a picture of both on the first video’s frame with most motion'
    )
    args = parser.parse_args(argv)
    if args.frames < 1 or args.rounds < 1:
        parser.error('--frames and --rounds must be at least 1')
    return args


def read_vectors(path: Path, frames: int, block: int) -> MotionField:
    """Vectors of frames 0 ... ``frames``."""
    with CompressedVideo(path, block=block) as video:
        return video.read(motion=range(frames + 1)).motion


def compute_flow(path: Path, frames: int) -> np.ndarray:
    """Flow of frames 0 ... ``frames``: (frames + 1, Hb, Wb, 2) quarter pixels."""
    with CompressedVideo(path) as video:
        return np.stack(list(islice(tvl1_flow(video), frames + 1)))


def measure(path: Path, frames: int, rounds: int) -> tuple[float, float, np.ndarray]:
    """Median milliseconds per frame of TV-L1 and of vectors, and the flow."""
    seconds: dict[str, list[float]] = {'flow': [], 'vectors': []}
    for _ in range(rounds):
        begin = time.perf_counter()
        read_vectors(path, frames, VECTOR_BLOCK)
        middle = time.perf_counter()
        flow = compute_flow(path, frames)
        seconds['vectors'].append(middle - begin)
        seconds['flow'].append(time.perf_counter() - middle)
    return *(1000 * statistics.median(seconds[name]) / frames for name in ('flow', 'vectors')), flow


def agreement(vectors: np.ndarray, flow: np.ndarray) -> float:
    """Share of the blocks with motion in both fields whose two motions differ by less than a right angle."""
    moving = (np.hypot(*np.moveaxis(vectors, -1, 0)) > MOVING * QUARTERS) & (
        np.hypot(*np.moveaxis(flow, -1, 0)) > MOVING * QUARTERS
    )
    return float(((vectors.astype(int) * flow).sum(-1)[moving] > 0).mean()) if moving.any() else float('nan')


def draw(path: Path, vectors: np.ndarray, flow: np.ndarray, out: Path) -> None:
    """Draw both on the frame with the longest vectors: (n, Hb, Wb, 2) quarter pixels each."""
    frame = int(np.abs(vectors.astype(int)).sum((1, 2, 3)).argmax())
    with CompressedVideo(path) as video:
        (picture,) = video.read(rgb=[frame]).rgb
    figure, axes = plt.subplots(1, 2, figsize=(16, 6.4))
    for ax, name, field in zip(axes, ('motion vectors', 'TV-L1 optical flow'), (vectors, flow), strict=True):
        draw_arrows(ax, np.moveaxis(field[frame], -1, 0) / QUARTERS, background=picture)
        ax.set_title(f'{name}, frame {frame} of {path.name}')
        ax.set_axis_off()
    figure.tight_layout()
    figure.savefig(out, dpi=80)
    plt.close(figure)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    cv2.setNumThreads(1)
    print(f'{"TV-L1":>12} {"vectors":>12} {"ratio":>8} {"same way":>9}   {args.frames} frames, {args.rounds} rounds')
    for path in args.videos:
        flow_ms, vectors_ms, flow = measure(path, args.frames, args.rounds)
        vectors = read_vectors(path, args.frames, FLOW_BLOCK).vectors  # on the flow's grid, for comparison
        print(
            f'{flow_ms:9.1f} ms {vectors_ms:9.3f} ms {flow_ms / vectors_ms:8.0f} {agreement(vectors, flow):9.1%}   '
            f'{path}',
            flush=True,
        )
        if args.picture and path == args.videos[0]:
            draw(path, vectors, flow, args.picture)


if __name__ == '__main__':
    main()
