"""VCP, video cloze procedure: how was the middle one of three clips altered?

Luo et al., Video cloze procedure for self-supervised spatio-temporal learning, AAAI 2020. There is no official code:
the alterations are those of a re-implementation (BestJuly/VCP). Two of its errors are not copied: clips do not overlap,
and all alterations are equally likely, since videos without room for a remote clip are excluded.
"""

import numpy as np
import torch
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_at, clip_span, random_start

from .encode import Network, PretextHead, classified, encode_all
from .recognizer import Labels
from .samples import consecutive_span, consecutive_starts, require_room, take

CLIPS, MIDDLE = 3, 1
ALTERATIONS = ('original', 'rotated', 'quarters swapped', 'chunks swapped', 'remote')
CHUNKS = 4  # parts of the clip's frames
UNCHANGED, SWAPPED = 0, 4  # alterations of the pictures; 1, 2, 3 are the rotations


def swapped_chunks(rng: np.random.Generator, frames: np.ndarray) -> np.ndarray:
    """(T,) -> (T,): swap two of the four chunks of the frames."""
    first, second = rng.permutation(CHUNKS)[:2]
    chunks = np.array_split(frames, CHUNKS)
    chunks[first], chunks[second] = chunks[second], chunks[first]
    return np.concatenate(chunks)


def remote_starts(rng: np.random.Generator, num_frames: int, tuple_span: int, span: int, away: int) -> tuple[int, int]:
    """Starts of a tuple and of a clip at least `away` frames before or after it; all such pairs are equally likely."""
    starts = np.arange(num_frames - tuple_span + 1)
    before = np.maximum(starts - away - span + 1, 0)  # clips that end early enough
    after = np.maximum(num_frames - span - (starts + tuple_span + away) + 1, 0)
    start = int(rng.choice(starts, p=(before + after) / (before + after).sum()))
    number = int(rng.integers(before[start] + after[start]))
    beyond = number - int(before[start])
    return start, number if beyond < 0 else start + tuple_span + away + beyond


@TRANSFORMS.register_module()
class SampleVCP:
    """Three clips; the middle one is altered in one of five ways.

    This stage makes the alterations of time by its choice of frames; the head makes those of pictures.

    Args:
        clip_len, frame_interval, gap: as in `SampleVCOP`.
        away: smallest number of frames between the tuple and a remote clip.
    """

    def __init__(self, clip_len: int = 16, frame_interval: int = 1, gap: int = 8, away: int = 16) -> None:
        self.clip_len, self.frame_interval, self.gap, self.away = clip_len, frame_interval, gap, away
        self.clip_span = clip_span(clip_len, frame_interval)
        self.span = consecutive_span(CLIPS, clip_len, frame_interval, gap)
        self.room = self.span + away + self.clip_span

    def __call__(self, sample: Sample) -> Sample:
        num_frames, rng = sample['video'].num_frames, sample['rng']
        require_room(num_frames, self.room, 'VCP')
        label, picture = int(rng.integers(len(ALTERATIONS))), UNCHANGED
        start = random_start(rng, num_frames, self.span)
        if ALTERATIONS[label] == 'remote':
            start, other = remote_starts(rng, num_frames, self.span, self.clip_span, self.away)
        starts = consecutive_starts(start, CLIPS, self.clip_len, self.frame_interval, self.gap)
        clips = np.stack([clip_at(int(first), self.clip_len, self.frame_interval) for first in starts])
        if ALTERATIONS[label] == 'remote':
            clips[MIDDLE] = clip_at(other, self.clip_len, self.frame_interval)
        elif ALTERATIONS[label] == 'chunks swapped':
            clips[MIDDLE] = swapped_chunks(rng, clips[MIDDLE])
        elif ALTERATIONS[label] == 'rotated':
            picture = int(rng.integers(1, 4))
        elif ALTERATIONS[label] == 'quarters swapped':
            picture = SWAPPED
        return take(sample, clips, dict(alteration=label, picture=picture))


def altered(clips: Tensor, picture: Tensor) -> Tensor:
    """(B, 3, T, H, H), (B,): each clip unchanged (0), rotated by 1, 2 or 3 quarter turns, or with swapped quarters (4).

    All quarters go to the opposite corner, as in the re-implementation.
    """
    half = clips.shape[3] // 2
    turns = [clips.rot90(turn, (3, 4)) for turn in range(4)]
    kinds = torch.stack([*turns, clips.roll((half, half), (3, 4))])  # (5, B, …)
    return kinds[picture, torch.arange(len(clips), device=clips.device)]


@MODELS.register_module()
class VCPHead(PretextHead):
    """Classify the alteration from the three concatenated features.

    Args:
        in_channels: C of the network's last map.

    Clips through the network: 3 per video.
    """

    def __init__(self, *, in_channels: int) -> None:
        super().__init__()
        self.classify = nn.Linear(CLIPS * in_channels, len(ALTERATIONS))

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_alteration` and `acc_alteration`; clips are (B, 3, 3, T, H, H)."""
        parts = list(clips.unbind(1))
        parts[MIDDLE] = altered(parts[MIDDLE], labels['picture'])
        features = encode_all(network, torch.stack(parts, 1)).flatten(1)
        return classified(self.classify(features), labels['alteration'], 'alteration')
