"""Videos per second of `cmvl_mm.embed`, and of the same network with MMAction2's stock pipeline and decord.

    python benchmarks/embed.py                        # videos made on the spot: 340x256 H.264, 10 s
    python benchmarks/embed.py --folder videos …      # yours, one table per folder

Both embed four clips of 16 x 2 frames of each video with the same weights, by wall time, on `--workers` cores. Ours
loads the weights and indexes the files anew in each round: into memory with threads, and into a folder of parts with
processes, whose start counts. The peer is DecordInit, SampleFrames(test_mode), DecordDecode, Resize, CenterCrop and
FormatShape in worker processes that persist between rounds, and the network in the main process, 8 videos a batch. Its
clips may begin one frame before or after ours, and its pixels are resized without antialiasing. The limit is the bare
decoding of every frame by PyAV in as many threads, without conversion or network.
"""

import argparse
import logging
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import decord  # noqa: F401  (what the stock pipeline reads with)
import numpy as np
import torch
from material import make_frames
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from side_by_side import Report, Route, Target, add_arguments, alternate, machine, publish, ratio
from torch.utils.data import DataLoader, Dataset

from cmvl_mm.embedding.embed import embed
from cmvl_mm.embedding.folder import embed_folder
from cmvl_mm.embedding.network import load_network
from cmvl_mm.prepare.sources import find_in_folder
from cmvl_mm.video import index_store

OURS, PARTS, STOCK, LIMIT = 'ours', 'ours, a folder of parts', 'decord, stock pipeline', 'bare decoding'


class StockVideos(Dataset):
    """Samples of files by MMAction2's pipeline.

    Args:
        paths: paths of the videos.
        settings: clip_len, frame_interval, clips, size and resize_short, as for ours.
    """

    def __init__(self, paths: list[str], settings: Any) -> None:
        self.paths = paths
        sample = dict(clip_len=settings.clip_len, frame_interval=settings.frame_interval, num_clips=settings.clips)
        self.pipeline = Compose(
            [
                TRANSFORMS.build(stage)
                for stage in (
                    dict(type='DecordInit'),
                    dict(type='SampleFrames', test_mode=True, **sample),
                    dict(type='DecordDecode'),
                    dict(type='Resize', scale=(-1, settings.resize_short)),
                    dict(type='CenterCrop', crop_size=settings.size),
                    dict(type='FormatShape', input_format='NCTHW'),
                )
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        sample = dict(filename=self.paths[index], label=-1, start_index=0, modality='RGB')
        return torch.from_numpy(self.pipeline(sample)['imgs'])


def make_videos(folder: Path, count: int, seconds: int) -> None:
    """Make 340x256 H.264 videos with libx264's defaults, 30 frames per second."""
    for number in range(count):
        with av.open(folder / f'{number}.mp4', 'w') as container:
            stream = container.add_stream('libx264', rate=30)
            stream.width, stream.height, stream.pix_fmt = 340, 256, 'yuv420p'
            for picture in make_frames(number, seconds * 30):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format='rgb24')
                container.mux(stream.encode(frame.reformat(340, 256, 'yuv420p')))
            container.mux(stream.encode())


def measure(title: str, folder: Path, copies: Path, repeats: int, rounds: int, workers: int) -> Report:
    """Measure one table: a folder's videos, each `repeats` times through links in `copies`."""
    network = load_network()
    found = [str(folder / source.path) for source in find_in_folder(folder).sources]
    paths = _copies(found, repeats, copies)
    data = DataLoader(StockVideos(paths, network.plan.settings), 8, num_workers=workers, persistent_workers=True)

    def stock() -> np.ndarray:
        found = []
        with torch.inference_mode():
            for imgs in data:
                inputs = network.model.data_preprocessor(dict(inputs=dict(imgs=imgs)))['inputs']
                found += [sample.feature.numpy() for sample in network.model.predict(inputs)]
        return np.stack(found)

    def ours() -> np.ndarray:
        index_store._known.clear()  # as for a user who has not opened the files before
        found = embed(paths, workers=workers)
        return found.vectors.reshape(len(paths), -1, found.vectors.shape[1]).mean(axis=1)

    def parts() -> int:
        with tempfile.TemporaryDirectory() as out:
            return embed_folder(paths, Path(out) / 'features', workers=workers).clips

    def decode(path: str) -> int:
        with av.open(path) as container:
            container.streams.video[0].codec_context.thread_count = 1
            return sum(1 for _ in container.decode(video=0))

    def limit() -> int:
        with ThreadPoolExecutor(workers) as pool:
            return sum(pool.map(decode, paths))

    routes = [
        Route(OURS, 'ours', ours, units=len(paths)),
        Route(PARTS, 'ours', parts, units=len(paths)),
        Route(STOCK, 'peer', stock, units=len(paths)),
        Route(LIMIT, 'limit', limit, units=len(paths)),
    ]
    mine, theirs = ours(), stock()
    alike = (mine * theirs).sum(1) / np.linalg.norm(mine, axis=1) / np.linalg.norm(theirs, axis=1)
    timings = alternate(routes, rounds, 'wall')
    speedup = Target('ours beside the stock pipeline', ratio(timings, OURS, STOCK), 2.0)
    note = f'cosine of both features of a video: median {np.median(alike):.4f}, least {alike.min():.4f}'
    return Report(title, 'videos', 'wall', timings, [speedup], [note])


def _copies(paths: list[str], repeats: int, folder: Path) -> list[str]:
    made = []
    for turn in range(repeats):
        for number, path in enumerate(paths):
            made.append(folder / f'{len(list(folder.iterdir()))}_{turn}_{number}{Path(path).suffix}')
            made[-1].symlink_to(Path(path).absolute())
    return list(map(str, made))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, rounds=5)
    parser.add_argument('--folder', type=Path, nargs='+', default=[], help='folders of videos, a table each')
    parser.add_argument('--videos', type=int, default=8, help='videos to make (default: %(default)s)')
    parser.add_argument('--seconds', type=int, default=10, help='length of each (default: %(default)s)')
    parser.add_argument(
        '--repeats', type=int, default=1, help='copies of every video in a round (default: %(default)s)'
    )
    parser.add_argument('--workers', type=int, default=2, help='workers of all routes (default: %(default)s)')
    args = parser.parse_args(argv)
    init_default_scope('mmaction')
    logging.getLogger('mmengine').setLevel(logging.WARNING)
    facts = machine()
    with tempfile.TemporaryDirectory() as temporary, tempfile.TemporaryDirectory() as copies:
        made = Path(temporary)
        make_videos(made, args.videos, args.seconds)
        title = f'{args.videos} videos made on the spot, H.264, 340x256, {args.seconds} s'
        reports = [measure(title, made, Path(copies), args.repeats, args.rounds, args.workers)]
        for folder in args.folder:
            reports.append(measure(folder.name, folder, Path(copies), args.repeats, args.rounds, args.workers))
    publish(reports, [OURS] * len(reports), facts, args.json)


if __name__ == '__main__':
    main()
