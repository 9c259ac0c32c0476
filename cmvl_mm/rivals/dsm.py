"""DSM, decoupling scene and motion: the positive is the clip with a warped scene, the negative another segment.

Wang et al., Enhancing unsupervised video representation learning by decoupling the scene and the motion, AAAI 2021.
Positive, negative and loss follow the training path of the official code. The temporal disturbance of the paper is a
class in that code, but its training does not call it. The radius of a warp is ours.
"""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_span

from .encode import Network
from .momentum import MomentumContrastHead
from .recognizer import Labels
from .samples import require_room, take
from .segments import anchor_twin_and_other

MOST_WARPS = 3
CENTRES = (60 / 224, 140 / 224)  # shares of the edge
SHIFTS = (10 / 224, 20 / 224)
RADIUS = 0.2


@TRANSFORMS.register_module()
class SampleDSM:
    """A clip, the same frames again, and a segment of the video that shares no frame with it.

    Args:
        clip_len, frame_interval: 16 x 4 on Kinetics-400.
    """

    def __init__(self, clip_len: int = 16, frame_interval: int = 4) -> None:
        self.clip_len, self.frame_interval = clip_len, frame_interval
        self.span = clip_span(clip_len, frame_interval)

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        require_room(num_frames, 2 * self.span, 'DSM')
        clips = anchor_twin_and_other(sample['rng'], num_frames, self.clip_len, self.frame_interval, self.span)
        return take(sample, clips)


def draw_warps(device: torch.device) -> tuple[Tensor, Tensor]:
    """Draw 1 to 3 warps with torch: centres and shifts (n, 2), shares of the edge, x before y."""
    count = int(torch.randint(1, MOST_WARPS + 1, ()))
    centres = CENTRES[0] + torch.rand(count, 2) * (CENTRES[1] - CENTRES[0])
    shifts = SHIFTS[0] + torch.rand(count, 2) * (SHIFTS[1] - SHIFTS[0])
    signs = torch.randint(0, 2, (count, 2)) * 2 - 1
    return centres.to(device), (shifts * signs).to(device)


def warped(clips: Tensor, centres: Tensor, shifts: Tensor) -> Tensor:
    """(N, 3, T, H, W) -> the same shape: each centre moves by its shift, and pixels around it smoothly less.

    The displacement is a Gaussian of standard deviation 0.2 edges, the same in all frames and clips.
    """
    height, width = clips.shape[3:]
    y, x = ((torch.arange(size, device=clips.device) + 0.5) / size for size in (height, width))
    place = torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1)  # (H, W, 2)
    from_centre = place[None] - centres[:, None, None]
    reach = torch.exp(-0.5 * from_centre.square().sum(-1, keepdim=True) / RADIUS**2)
    source = place - (reach * shifts[:, None, None]).sum(0)
    frames = clips.transpose(1, 2).flatten(0, 1)  # (N * T, 3, H, W)
    grid = (2 * source - 1).to(frames.dtype).expand(len(frames), -1, -1, -1)
    moved = F.grid_sample(frames, grid, padding_mode='border', align_corners=False)
    return moved.unflatten(0, (len(clips), -1)).transpose(1, 2)


@MODELS.register_module()
class DSMHead(MomentumContrastHead):
    """The warped anchor finds the unwarped clip among the queue and another segment of its own video.

    The arguments are those of `MomentumContrastHead`; the official queue is 3569. Clips through the network: 3 per
    video, one of them through the copy.
    """

    clips = 3

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_instance` and `acc_instance`; clips are (B, 3, 3, T, H, W)."""
        anchors = warped(clips[:, 0], *draw_warps(clips.device))
        query, own = self.queries(network, torch.cat([anchors, clips[:, 2]])).chunk(2)
        return self.contrast(query, self.keys(clips[:, 1]), own[:, None])
