"""The cost of a whole training step of any training config: operations and clips through the network, per video.

    python benchmarks/whole_step.py configs/rivals/evidence/vcop.py
    python benchmarks/whole_step.py configs/rivals/evidence/*.py --json costs.json
    python benchmarks/whole_step.py configs/rivals/paper/vcop_r3d26_ucf.py --batch 2

The step runs forward and backward on noise that has passed the config's own pipeline; torch counts the operations (two
per multiply-add) of matrix products and convolutions. Losses that compare all videos of a batch cost more in a larger
batch, so the batch is that of the config unless --batch is set.

Clips are the unit in which methods are compared (docs/rivals.md): 16 frames of a video, of any size, through the
network or a copy of it. Places count the positions that really pass through: nine tiles have fewer than their picture.
Other networks, such as those of I-frames and motion windows, count only in the operations.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from mmaction.registry import MODELS, TRANSFORMS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.engine.config import load_config
from cmvl_mm.video import Frames, MotionField

CLIP_LEN = 16
MANY = 100
"""Number of steps counted for a task that draws the size of its pictures."""


@dataclass(frozen=True)
class WholeStep:
    """The cost of a step of one config for one video."""

    clips: float
    """Clips of 16 frames, as counted by the method's head."""
    learnt: float
    """Those of them that pass the network itself with a gradient."""
    places: int
    """Measured frames x height x width through the network and its copies."""
    operations: float
    """Operations of forward and backward."""


class NoiseVideo:
    """Replacement for a decoded video: pictures and vectors of noise."""

    height, width, num_frames = 240, 320, 250
    keyframes = np.arange(0, num_frames, 12)

    def __init__(self, block: int) -> None:
        self.block, self.rng = block, np.random.default_rng(0)

    def read(self, rgb: list[int] = (), motion: list[int] = ()) -> Frames:  # type: ignore[assignment]
        pictures = self.rng.integers(256, size=(len(rgb), self.height, self.width, 3), dtype=np.uint8)
        grid = (len(motion), self.height // self.block, self.width // self.block)
        vectors = self.rng.integers(-40, 41, size=(*grid, 2), dtype=np.int16)
        return Frames(pictures, MotionField(vectors, np.ones(grid, bool), self.block))


def noise_batch(config: Config, videos: int) -> tuple[dict, int]:
    """A batch of noise like that of the config's loader, and the number of frames of a sample's clips."""
    dataset, frames = config.train_dataloader.dataset, 0
    samples = [
        dict(video=NoiseVideo(dataset.block), rng=np.random.default_rng(number), label=0, path=f'{number}.mp4')
        for number in range(videos)
    ]
    for stage in map(TRANSFORMS.build, dataset.pipeline):
        samples = [stage(sample) for sample in samples]
        frames = samples[0]['clip_frames'].size if 'clip_frames' in samples[0] else frames
    return compressed_collate(samples), frames


def count_step(config: Config, videos: int | None = None) -> WholeStep:
    """Count two steps without an optimiser; if they differ, the task draws sizes, and `MANY` steps are counted.

    Args:
        config: config of a training.
        videos: videos per batch; None takes the config's batch.
    """
    videos = videos or config.train_dataloader.batch_size
    model = MODELS.build(config.model).train()
    noise, frames = noise_batch(config, videos)
    batch = model.data_preprocessor(noise, True)
    torch.manual_seed(0)  # seed of sizes and dropout
    counts = [_count_once(model, batch) for _ in range(2)]
    if counts[0] != counts[1]:
        counts += [_count_once(model, batch) for _ in range(MANY - 2)]
    places, operations = (fmean(column) / videos for column in zip(*counts, strict=True))
    head = getattr(model, 'pretext_head', None)
    passed, learnt = (head.frames_through(frames), head.frames_with_gradient(frames)) if head else (frames, frames)
    return WholeStep(passed / CLIP_LEN, learnt / CLIP_LEN, round(places), operations)


def _count_once(model: nn.Module, batch: dict) -> tuple[int, int]:
    """Places and operations of one step of a batch."""
    places: list[int] = []
    hooks = [
        network.register_forward_pre_hook(lambda _, given: places.append(_places(given[0])))
        for network in networks_of(model)
    ]
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):  # attention as products, to count
        loss, _ = model.parse_losses(model(**batch, mode='loss'))
        loss.backward()
    for hook in hooks:
        hook.remove()
    return sum(places), counter.get_total_flops()


def networks_of(model: nn.Module) -> list[nn.Module]:
    """The backbone and a pretext task's copies of it, which have the same class."""
    copies = model.pretext_head.modules() if hasattr(model, 'pretext_head') else ()
    return [model.backbone, *(part for part in copies if type(part) is type(model.backbone))]


def _places(clips: Tensor) -> int:
    """The product N T H W of clips (N, 3, T, H, W)."""
    return clips.numel() // clips.shape[1]


def table(steps: dict[str, WholeStep]) -> str:
    """The costs as a Markdown table."""
    lines = ['| config | clips a video | with gradient | million places a video | GFLOP a video |']
    lines += ['|---|---:|---:|---:|---:|']
    lines += [
        f'| {name} | {step.clips:g} | {step.learnt:g} | {step.places / 1e6:.3f} | {step.operations / 1e9:.2f} |'
        for name, step in steps.items()
    ]
    return '\n'.join(lines)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', type=Path, nargs='+', metavar='config', help='configs of trainings')
    parser.add_argument('--batch', type=int, help='videos of the step (default: those of the config)')
    parser.add_argument('--json', type=Path, help='file for the figures, by the names of the configs')
    args = parser.parse_args(argv)
    found: dict[str, WholeStep] = {}
    for path in args.configs:
        config = load_config(path)
        with DefaultScope.overwrite_default_scope(config.default_scope):
            found[path.stem] = count_step(config, args.batch)
    print(table(found))
    if args.json is not None:
        args.json.write_text(json.dumps({name: asdict(step) for name, step in found.items()}, indent=1) + '\n')


if __name__ == '__main__':
    main()
