"""Space-time cubic puzzles: in which order are four cubes of the video shown, from space or from time?

Kim et al., Self-supervised video representation learning with space-time cubic puzzles, AAAI 2019. There is no official
code: everything here follows common descriptions of the paper and is unverified.
"""

import numpy as np
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.geometry import Box, crop_resize, random_resized_box
from cmvl_mm.datasets.sampling import clip_at, clip_span, random_start

from .augmentation import clip_slices, inner_box
from .encode import Network, PretextHead, classified, encode_all
from .orders import all_orders
from .recognizer import Labels
from .samples import require_room, take

CUBES = 4
ORDERS = all_orders(CUBES)


def puzzle_frames(
    rng: np.random.Generator, num_frames: int, clip_len: int, frame_interval: int, stretch: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Four cubes in a random order: their frames (4, clip_len), their quarters of the picture (4,), the label.

    In space all cubes have the same frames and each has its own quarter. In time all have the same quarter, and each is
    at a random position in its own stretch: without gaps, the end of one cube would match the start of the next and
    reveal the order. Place i shows cube `ORDERS[label][i]`. Both layouts leave room for four stretches.
    """
    start = random_start(rng, num_frames, CUBES * stretch)
    jitter = rng.integers(stretch - clip_span(clip_len, frame_interval) + 1, size=CUBES)
    if rng.random() < 0.5:
        starts, quarters = np.repeat(start, CUBES), np.arange(CUBES)
    else:
        starts = start + np.arange(CUBES) * stretch + jitter
        quarters = np.repeat(rng.integers(CUBES), CUBES)
    label = int(rng.integers(len(ORDERS)))
    order = ORDERS[label]
    return np.stack([clip_at(int(starts[cube]), clip_len, frame_interval) for cube in order]), quarters[order], label


def quarter_box(box: Box, quarter: int) -> Box:
    """The upper left, upper right, lower left or lower right quarter of a box."""
    height, width = box.height // 2, box.width // 2
    return Box(box.top + quarter // 2 * height, box.left + quarter % 2 * width, height, width)


@TRANSFORMS.register_module()
class SamplePuzzle:
    """Four cubes in a random order; half of the samples are upside down, which is a separate label.

    Args:
        clip_len, frame_interval: 16 consecutive frames per cube.
        stretch: frames of the video within which the position of a cube is drawn. The paper's jitter of cubes in time
            is not known: 24 leaves as much room between them as VCOP does, on average.

    Raises:
        ValueError: a cube is longer than its stretch.
    """

    def __init__(self, clip_len: int = 16, frame_interval: int = 1, stretch: int = 24) -> None:
        if stretch < clip_span(clip_len, frame_interval):
            raise ValueError(
                f'stretch={stretch} is shorter than a cube of {clip_span(clip_len, frame_interval)} frames'
            )
        self.clip_len, self.frame_interval, self.stretch = clip_len, frame_interval, stretch
        self.span = CUBES * stretch

    def __call__(self, sample: Sample) -> Sample:
        num_frames, rng = sample['video'].num_frames, sample['rng']
        require_room(num_frames, self.span, 'ST-Puzzle')
        frames, quarters, label = puzzle_frames(rng, num_frames, self.clip_len, self.frame_interval, self.stretch)
        sample['quarters'] = quarters
        return take(sample, frames, dict(order=label, upside_down=int(rng.random() < 0.5)))


@TRANSFORMS.register_module()
class CropPuzzle:
    """One random resized crop and flip per video, then a jittered crop of each cube's quarter.

    Args:
        size: edge of a cube, 80.
        area, aspect, flip_prob: as in `RandomCropFlip`.
        jitter: share by which a cube is shorter than its quarter, at a random position in it: 80 of 112 px is 0.286.
    """

    def __init__(
        self,
        size: int = 80,
        area: tuple[float, float] = (0.2, 1.0),
        aspect: tuple[float, float] = (3 / 4, 4 / 3),
        flip_prob: float = 0.5,
        jitter: float = 0.286,
    ) -> None:
        if not 0 <= jitter < 1:
            raise ValueError(f'jitter={jitter} is not in 0 ... 1')
        self.size, self.flip_prob, self.jitter = size, flip_prob, jitter
        self.area, self.aspect = (area[0], area[1]), (aspect[0], aspect[1])

    def __call__(self, sample: Sample) -> Sample:
        rng, video = sample['rng'], sample['video']
        whole = random_resized_box(rng, video.height, video.width, self.area, self.aspect)
        flip = bool(rng.random() < self.flip_prob)
        cut, crops = [], []
        for part, quarter in zip(clip_slices(sample), sample['quarters'], strict=True):
            # in a mirrored picture the right quarter comes from the left
            box = inner_box(rng, quarter_box(whole, int(quarter) ^ flip), self.jitter)
            frames = crop_resize(sample['imgs'][part], box, flip, self.size)
            cut.append(frames[:, ::-1, ::-1] if sample['pretext']['upside_down'] else frames)
            crops.append((box, flip))
        sample['imgs'], sample['crops'] = np.ascontiguousarray(np.concatenate(cut)), crops
        return sample


@MODELS.register_module()
class PuzzleHead(PretextHead):
    """Predict the order of four cubes from their concatenated features, and whether they are upside down.

    Args:
        in_channels: C of the network's last map.
        width: width of the layer that joins the features.
        dropout: rate before the classifier of orders.

    Clips through the network: 4 per video.
    """

    def __init__(self, *, in_channels: int, width: int = 512, dropout: float = 0.5) -> None:
        super().__init__()
        self.join = nn.Sequential(nn.Linear(CUBES * in_channels, width), nn.ReLU(), nn.Dropout(dropout))
        self.order, self.upside_down = nn.Linear(width, len(ORDERS)), nn.Linear(width, 2)

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_order`, `loss_upside_down` and their accuracies; clips are (B, 4, 3, T, H, W)."""
        joined = self.join(encode_all(network, clips).flatten(1))
        return classified(self.order(joined), labels['order'], 'order') | classified(
            self.upside_down(joined), labels['upside_down'], 'upside_down'
        )
