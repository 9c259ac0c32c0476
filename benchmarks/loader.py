"""The complete training sample of the paper: ours, a stock MMAction2 pipeline's clip alone, and the bare decoding.

    python benchmarks/loader.py                    # videos made on the spot
    python benchmarks/loader.py --videos a.mp4 …   # yours, prepared by cmvl prepare --profile coviar

Ours is 16 RGB frames, an I-frame and four motion windows, augmented and packed; the peer is decord's clip of 16 frames
with crop, flip, jitter and blur.  A row of ours leaves the recolouring to the model's device (AugmentColour's `where`),
whose time is not counted here.  The limit seeks to and decodes all frames of ours in full, and throws them away.  The
last table does it with two worker processes, by the clock on the wall, on eight times as many samples.
"""

import argparse
import tempfile
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, NamedTuple

import av
import cv2
import decord
import numpy as np
import torch
from material import make_mpeg4
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from side_by_side import Report, Route, Target, add_arguments, alternate, machine, publish, ratio
from torch.utils.data import DataLoader, Subset

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.dataset import CompressedVideoDataset
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config
from cmvl_mm.video import CompressedVideo

try:
    from torchcodec.decoders import VideoDecoder
except (ImportError, OSError, RuntimeError):  # what it raises where its libraries are missing
    VideoDecoder = None

CONFIG = Path(__file__).resolve().parents[1] / 'configs/pretrain_c3d_ucf.py'
LEFT = 'ours, colour left to the device (not done here)'
WORKERS = 2
STOCK = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='DecordDecode'),
    dict(type='RandomResizedCrop', area_range=(0.2, 1.0), aspect_ratio_range=(3 / 4, 4 / 3)),
    dict(type='Resize', scale=(112, 112), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    dict(
        type='RandomApply',
        prob=0.5,
        transforms=[dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)],
    ),
    dict(type='BlurClip'),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]


@TRANSFORMS.register_module()
class BlurClip:
    """The paper's blur for the stock pipeline, as ours does it: MMAction2 has none of its own without torchvision."""

    def __call__(self, results: dict) -> dict:
        if np.random.rand() < 0.5:
            sigma = np.random.uniform(0.1, 2.0)
            results['imgs'] = [cv2.GaussianBlur(frame, (0, 0), sigma) for frame in results['imgs']]
        return results


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    facts = machine()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        videos = args.videos or make_mpeg4(folder, 4, 150)
        data = dataset(videos, folder / 'list.txt')
        left = dataset(videos, folder / 'list.txt', colour='device')
        init_default_scope('mmaction')
        stock = Compose(STOCK)
        picks = [pick_frames(data, index) for index in range(args.samples)]
        check(picks)
        routes = [
            Route('ours, the whole sample', 'ours', partial(load_ours, data, args.samples), args.samples),
            Route(LEFT, 'ours', partial(load_ours, left, args.samples), args.samples),
            Route('MMAction2 with decord, the clip alone', 'peer', partial(load_stock, stock, picks), args.samples),
            *torchcodec_routes(picks),
            Route('decode the sample’s frames', 'limit', partial(decode_samples, picks), args.samples),
        ]
        timings = alternate(routes, args.rounds, 'cpu')
        ours, stock_clip, bare = routes[0].name, routes[2].name, routes[-1].name
        targets = [
            Target('ours takes times the bare decoding', ratio(timings, bare, ours), 1.5, 'at most'),
            Target('ours is times as fast as the stock clip', ratio(timings, ours, stock_clip), 1.5),
            Target(f'{LEFT}, is times as fast as the stock clip', ratio(timings, LEFT, stock_clip), 1.5),
        ]
        saved = 1 - ratio(timings, ours, LEFT)
        notes = [f'the host saves {saved:.1%} of a sample where it leaves the colour to the device']
        notes += [] if VideoDecoder else ['torchcodec does not import here (it needs the libraries of an FFmpeg)']
        one = Report('one process', 'samples', 'cpu', timings, targets, notes)
        many = 8 * args.samples  # the workers' start must not count
        routes = [
            Route('ours, 2 workers', 'ours', partial(load_with_workers, data, many), many),
            Route('decoding, 2 processes', 'limit', partial(decode_in_processes, picks * 8), many),
        ]
        timings = alternate(routes, args.rounds, 'wall')
        figure = ratio(timings, routes[0].name, routes[1].name)
        two = Report(
            'two processes', 'samples', 'wall', timings, [Target('ours of two decoding processes', figure, 0.9)]
        )
    publish([one, two], [bare, 'decoding, 2 processes'], facts, args.json)


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--videos', type=Path, nargs='+', help='of one folder')
    parser.add_argument('--samples', type=int, default=32, help='a round (default: %(default)s)')
    add_arguments(parser, rounds=7)
    return parser.parse_args(argv)


def dataset(videos: list[Path], ann_file: Path, colour: Literal['host', 'device'] = 'host') -> CompressedVideoDataset:
    """The pretraining data set of the paper on these videos, repeated to fill any number of samples."""
    ann_file.write_text(''.join(f'{path.name}\n' for path in videos) * 64)
    arguments = load_config(CONFIG).train_dataloader.dataset
    arguments.ann_file, arguments.data_prefix = str(ann_file), dict(video=str(videos[0].parent))
    stage_of(arguments.pipeline, 'colour').where = colour
    return DATASETS.build(arguments)


def load_ours(data: CompressedVideoDataset, samples: int) -> None:
    for index in range(samples):
        data[SampleIndex(index, epoch=0, seed=0)]


class Pick(NamedTuple):
    """What one sample reads."""

    path: str
    clip: np.ndarray
    frames: np.ndarray
    """All of them, once and sorted: clip, I-frame and motion windows."""
    stamps: np.ndarray
    """Presentation times of the whole video."""


def pick_frames(data: CompressedVideoDataset, index: int) -> Pick:
    """A sample's frames, by its own random draw."""
    path = str(Path(data.root) / data.entries[index].path)
    with CompressedVideo(path) as video:
        rng = SampleIndex(index, epoch=0, seed=0).generator(0)
        sample = stage_of(data.pipeline.transforms, 'sample')(dict(video=video, rng=rng))
    clip = sample['clip_frames'][0]
    everything = np.unique(np.concatenate([clip, [sample['iframe_frame']], sample['motion_frames'].reshape(-1)]))
    with av.open(path) as container:
        stamps = np.array([packet.pts for packet in container.demux(container.streams.video[0]) if packet.size])
    return Pick(path, clip, everything, stamps)


def check(picks: list[Pick]) -> None:
    """Ours and decord's frames are the same before augmentation."""
    for path, clip, _, _ in picks[:4]:
        with CompressedVideo(path) as video:
            ours = video.read(rgb=clip).rgb
        theirs = decord.VideoReader(path, num_threads=1).get_batch(clip.tolist()).asnumpy()
        assert np.abs(ours.astype(int) - theirs).max() <= 1, f'{path}: decord gives other pixels'


def load_stock(stock: Compose, picks: list[Pick]) -> None:
    for pick in picks:
        stock(dict(filename=pick.path, label=0, start_index=0, modality='RGB'))


def torchcodec_routes(picks: list[Pick]) -> list[Route]:
    """The clip's frames alone, neither cropped nor coloured, by torchcodec where it imports."""
    if VideoDecoder is None:
        return []

    def decode_clips() -> None:
        for pick in picks:
            VideoDecoder(pick.path, num_ffmpeg_threads=1).get_frames_at(pick.clip.tolist())

    return [Route('torchcodec, the clip’s frames', 'peer', decode_clips, len(picks))]


def decode_samples(picks: list[Pick]) -> None:
    for pick in picks:
        decode_frames(pick.path, pick.frames, pick.stamps)


def decode_frames(path: str, frames: np.ndarray, stamps: np.ndarray) -> None:
    """Open, seek to the I-frame before each group of frames, decode to its last; GOPs of 12 frames."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        position = -1  # of the last frame decoded
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


def load_with_workers(data: CompressedVideoDataset, samples: int) -> None:
    indices = [SampleIndex(index, epoch=0, seed=0) for index in range(samples)]
    loader = DataLoader(Subset(data, indices), batch_size=4, num_workers=WORKERS, collate_fn=compressed_collate)
    for _ in loader:
        pass


def decode_in_processes(picks: list[Pick]) -> None:
    """Forked like the loader's workers, one share each."""
    context = get_context('fork')
    workers = [context.Process(target=decode_samples, args=(picks[share::WORKERS],)) for share in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0


if __name__ == '__main__':
    main()
