"""Time the complete training sample of the paper: ours, only the clip of a stock MMAction2 pipeline, and bare decoding.

    python benchmarks/loader.py                       # videos made on the spot
    python benchmarks/loader.py --originals a.avi …   # yours; they are prepared first, as cmvl prepare does

Ours is 16 RGB frames, an I-frame and four motion windows, augmented and packed, from videos prepared with the profiles
coviar (340x256, the best quantiser), paper (the original's size) and small (a short side of 128 px). The peer is
decord's clip of 16 frames with crop, flip, jitter and blur, from the file prepared with coviar and from the original,
and also from H.264 if videos are made. One of our rows leaves the recolouring to the model's device (AugmentColour's
`where`), whose time is not counted here; two rows read the residual energy of the motion windows in addition to their
vectors. The limit seeks to all frames of ours, decodes them in full and discards them. The last table uses two worker
processes, by wall time, on eight times as many samples: workers that start in every round, like the two processes of
the limit, and workers that persist, as in training (`persistent_workers`).
"""

import argparse
import resource
import tempfile
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
import torch
from loader_peers import STOCK, Pick, VideoDecoder, check, stock_route, torchcodec_routes
from material import make_h264, make_originals, prepare
from mmaction.registry import DATASETS
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from side_by_side import Report, Route, Target, add_arguments, alternate, machine, publish, ratio
from torch.utils.data import DataLoader, Subset

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.dataset import CompressedVideoDataset
from cmvl_mm.datasets.residual_source import Residual
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config
from cmvl_mm.video import CompressedVideo

CONFIG = Path(__file__).resolve().parents[1] / 'configs/pretrain_c3d_ucf.py'
OURS = 'ours, the whole sample'
LEFT = 'ours, colour left to the device (not done here)'
PAPER = 'ours, of videos prepared by paper'
SMALL = 'ours, of videos prepared small'
ENERGY = 'with residual energy'
PEER = 'MMAction2 with decord, the clip alone'
OF_ORIGINAL = f'{PEER}, of the original'
OF_H264 = f'{PEER}, of an H.264 original'
BARE = 'decode the sample’s frames'
WORKERS = 2


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    facts = machine()
    init_default_scope('mmaction')
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        originals = args.originals or make_originals(folder, 4, 150)
        h264 = [] if args.originals else make_h264(folder, 4, 150)
        coviar = prepare(folder, originals, 'coviar')
        data = dataset(coviar, folder / 'coviar.txt')
        picks = [pick_frames(data, index) for index in range(args.samples)]
        check(picks)
        one = one_process(args, folder, data, picks, (originals, h264, coviar))
        two = two_processes(args, data, picks)
    publish([one, two], [BARE, 'decoding, 2 processes'], facts, args.json)


def one_process(
    args: argparse.Namespace,
    folder: Path,
    data: CompressedVideoDataset,
    picks: list[Pick],
    videos: tuple[list[Path], list[Path], list[Path]],
) -> Report:
    """Measure one process; `videos` are the originals, others of H.264 if any, and those prepared with coviar."""
    originals, h264, coviar = videos
    left = dataset(coviar, folder / 'coviar.txt', colour='device')
    paper = dataset(prepare(folder, originals, 'paper'), folder / 'paper.txt')
    small = dataset(prepare(folder, originals, 'small'), folder / 'small.txt')
    energy = dataset(coviar, folder / 'coviar.txt', residual='exact')
    paper_energy = dataset(prepare(folder, originals, 'paper'), folder / 'paper.txt', residual='exact')
    stock, samples = Compose(STOCK), args.samples
    routes = [
        Route(OURS, 'ours', partial(load_ours, data, samples), samples),
        Route(LEFT, 'ours', partial(load_ours, left, samples), samples),
        Route(f'{OURS}, {ENERGY}', 'ours', partial(load_ours, energy, samples), samples),
        Route(PAPER, 'ours', partial(load_ours, paper, samples), samples),
        Route(f'{PAPER}, {ENERGY}', 'ours', partial(load_ours, paper_energy, samples), samples),
        Route(SMALL, 'ours', partial(load_ours, small, samples), samples),
        stock_route(PEER, stock, coviar, samples),
        stock_route(OF_ORIGINAL, stock, originals, samples),
        *([stock_route(OF_H264, stock, h264, samples)] if h264 else []),
        *torchcodec_routes(picks),
        Route(BARE, 'limit', partial(decode_samples, picks), samples),
    ]
    timings = alternate(routes, args.rounds, 'cpu')
    targets = [
        Target('ours takes times the bare decoding', ratio(timings, BARE, OURS), 1.5, 'at most'),
        Target('ours is times as fast as the stock clip', ratio(timings, OURS, PEER), 1.6),
        Target(f'{LEFT}, is times as fast as the stock clip', ratio(timings, LEFT, PEER), 1.5),
    ]
    targets += [
        Target(f'{SMALL}, is times as fast as {peer}', ratio(timings, SMALL, peer), 2.5)
        for peer in (OF_ORIGINAL, *([OF_H264] if h264 else []))
    ]
    notes = [
        f'{name}, is {ratio(timings, name, OF_ORIGINAL):.2f} times as fast as {OF_ORIGINAL}' for name in (OURS, PAPER)
    ]
    notes += [
        f'{name}, {ENERGY}, takes {ratio(timings, name, f"{name}, {ENERGY}"):.2f} times as long'
        for name in (OURS, PAPER)
    ]
    saved = 1 - ratio(timings, OURS, LEFT)
    notes.append(f'the host saves {saved:.1%} of a sample where it leaves the colour to the device')
    notes += [] if VideoDecoder else ['torchcodec does not import here (it needs the libraries of an FFmpeg)']
    return Report('one process', 'samples', 'cpu', timings, targets, notes)


def two_processes(args: argparse.Namespace, data: CompressedVideoDataset, picks: list[Pick]) -> Report:
    many = 8 * args.samples  # so that the workers' start hardly counts
    staying = worker_loader(data, many, stay=True)
    routes = [
        Route('ours, 2 workers', 'ours', lambda: exhaust(worker_loader(data, many)), many),
        Route('ours, 2 workers that stay', 'ours', partial(exhaust, staying), many),
        Route('decoding, 2 processes', 'limit', partial(decode_in_processes, picks * 8), many),
    ]
    timings = alternate(routes, args.rounds, 'wall')
    ours, bare = (1e3 * cpu_of_processes(route.run) / many for route in (routes[0], routes[-1]))
    notes = [f'CPU of all processes a sample, once: ours {ours:.1f} ms, decoding {bare:.1f} ms: {bare / ours:.2f}']
    targets = [
        Target(f'{route.name}, of two decoding processes', ratio(timings, route.name, routes[-1].name), 0.85)
        for route in routes[:-1]
    ]
    return Report('two processes', 'samples', 'wall', timings, targets, notes)


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--originals', type=Path, nargs='+', help='videos of at least 71 frames, with different names')
    parser.add_argument('--samples', type=int, default=32, help='samples per round (default: %(default)s)')
    add_arguments(parser, rounds=7)
    return parser.parse_args(argv)


def dataset(
    videos: list[Path], ann_file: Path, colour: Literal['host', 'device'] = 'host', residual: Residual = 'none'
) -> CompressedVideoDataset:
    """The pretraining data set of the paper on these videos, repeated to fill any number of samples."""
    ann_file.write_text(''.join(f'{path.name}\n' for path in videos) * 64)
    arguments = load_config(CONFIG).train_dataloader.dataset
    arguments.ann_file, arguments.data_prefix = str(ann_file), dict(video=str(videos[0].parent))
    stage_of(arguments.pipeline, 'colour').where = colour
    stage_of(arguments.pipeline, 'read').residual = residual
    return DATASETS.build(arguments)


def load_ours(data: CompressedVideoDataset, samples: int) -> None:
    for index in range(samples):
        data[SampleIndex(index, epoch=0, seed=0)]


def pick_frames(data: CompressedVideoDataset, index: int) -> Pick:
    """The frames of a sample, by the sample's random draw."""
    path = str(Path(data.root) / data.entries[index].path)
    with CompressedVideo(path) as video:
        rng = SampleIndex(index, epoch=0, seed=0).generator(0)
        sample = stage_of(data.pipeline.transforms, 'sample')(dict(video=video, rng=rng))
    clip = sample['clip_frames'][0]
    everything = np.unique(np.concatenate([clip, [sample['iframe_frame']], sample['motion_frames'].reshape(-1)]))
    with av.open(path) as container:
        stamps = np.array([packet.pts for packet in container.demux(container.streams.video[0]) if packet.size])
    return Pick(path, clip, everything, stamps)


def decode_samples(picks: list[Pick]) -> None:
    for pick in picks:
        decode_frames(pick.path, pick.frames, pick.stamps)


def decode_frames(path: str, frames: np.ndarray, stamps: np.ndarray) -> None:
    """Open, seek to the I-frame before each group of frames, decode to its last; GOPs of 12 frames."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        position = -1  # position of the last decoded frame
        decoder = container.decode(stream)
        for gop in np.unique(frames // 12):
            last = int(frames[frames // 12 == gop].max())
            if position // 12 < gop - 1 or position < 0:
                container.seek(int(stamps[gop * 12]), stream=stream)
                decoder, position = container.decode(stream), int(gop) * 12 - 1
            while position < last:
                frame = next(decoder)
                position += 1
                assert frame.pts == stamps[position], f'{path}: the seek missed frame {position}'


def worker_loader(data: CompressedVideoDataset, samples: int, stay: bool = False) -> DataLoader:
    indices = [SampleIndex(index, epoch=0, seed=0) for index in range(samples)]
    return DataLoader(
        Subset(data, indices),
        batch_size=4,
        num_workers=WORKERS,
        collate_fn=compressed_collate,
        persistent_workers=stay,
    )


def exhaust(loader: DataLoader) -> None:
    for _ in loader:
        pass


def cpu_of_processes(run: Callable[[], None]) -> float:
    """CPU seconds of this process and its finished children; unlike wall time they do not depend on other programs."""

    def spent() -> float:
        both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(usage.ru_utime + usage.ru_stime for usage in both)

    before = spent()
    run()
    return spent() - before


def decode_in_processes(picks: list[Pick]) -> None:
    """Decode in processes forked like the loader's workers, with one share each."""
    context = get_context('fork')
    workers = [context.Process(target=decode_samples, args=(picks[share::WORKERS],)) for share in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0


if __name__ == '__main__':
    main()
