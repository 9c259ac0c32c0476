"""Jigsaw: in which of a set of distant permutations are the nine tiles of a picture shown?

Noroozi and Favaro, Unsupervised learning of visual representations by solving jigsaw puzzles, ECCV 2016. The
implementation follows common descriptions of the paper and is unverified.
"""

import torch
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample

from .encode import Network, PretextHead, classified, encode_all, still_clips
from .orders import distant_orders
from .recognizer import Labels
from .samples import require_room, take

GRID = 3
TILES = GRID * GRID


@TRANSFORMS.register_module()
class SampleJigsaw:
    """One frame of the video, and the number of a permutation.

    Args:
        num_orders: number of permutations, 100 to 1000.
    """

    def __init__(self, num_orders: int = 100) -> None:
        self.num_orders = num_orders

    def __call__(self, sample: Sample) -> Sample:
        rng, num_frames = sample['rng'], sample['video'].num_frames
        require_room(num_frames, 1, 'Jigsaw')
        return take(sample, rng.integers(num_frames, size=(1, 1)), dict(tiles=int(rng.integers(self.num_orders))))


def cut_tiles(pictures: Tensor, offsets: Tensor, tile: int) -> Tensor:
    """(B, 3, H, H), (B, 9, 2) -> (B, 9, 3, tile, tile): the tile of each cell, row by row, at its offset (y, x)."""
    cell = pictures.shape[2] // GRID
    grid = torch.arange(TILES, device=pictures.device)
    corners = torch.stack([grid // GRID, grid % GRID], 1) * cell + offsets  # (B, 9, 2)
    reach = torch.arange(tile, device=pictures.device)
    rows, columns = (corners[..., axis, None] + reach for axis in range(2))  # (B, 9, tile)
    videos = torch.arange(len(pictures), device=pictures.device)[:, None, None, None]
    tiles = pictures.movedim(1, -1)[videos, rows[..., :, None], columns[..., None, :]]  # (B, 9, tile, tile, 3)
    return tiles.movedim(-1, 2)


def draw_offsets(videos: int, pictures: Tensor, tile: int) -> Tensor:
    """(videos, 9, 2): uniform random offsets of the tiles in their cells, so that no edge continues; drawn by torch."""
    room = pictures.shape[2] // GRID - tile
    return torch.randint(0, room + 1, (videos, TILES, 2), device=pictures.device)


def plain_colours(tiles: Tensor) -> Tensor:
    """(…, 3, H, W): normalise each tile to mean 0 and deviation 1; brightness and contrast then reveal no neighbour."""
    mean, deviation = tiles.mean((-3, -2, -1), keepdim=True), tiles.std((-3, -2, -1), keepdim=True)
    return (tiles - mean) / deviation.clamp_min(1e-3)


class TileOrder(nn.Module):
    """Predict the scores of all permutations from a picture whose tiles are permuted.

    Args:
        in_channels: C of the network's last map.
        num_orders: number of permutations, see `distant_orders`.
        gap: share by which a tile is shorter than its cell, 64 of 75 px.
        still_len: frames of the clip that represents a tile, see `still_clips`.
        width: width of the layer that joins the features.
        dropout: rate before the classifier.

    Shape: network, pictures (B, 3, H, H) and labels (B,) -> (B, num_orders).
    """

    def __init__(
        self, in_channels: int, *, num_orders: int, gap: float, still_len: int, width: int, dropout: float
    ) -> None:
        super().__init__()
        if not 0 <= gap < 1:
            raise ValueError(f'gap={gap} is not in 0 ... 1')
        self.gap, self.still_len = gap, still_len
        self.register_buffer('orders', torch.tensor(distant_orders(TILES, num_orders)), persistent=False)
        self.classify = nn.Sequential(
            nn.Linear(TILES * in_channels, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, num_orders)
        )

    def shown(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """The shown tiles (B, 9, 3, tile, tile): place i shows tile `orders[label][i]`."""
        tile = max(1, round(pictures.shape[2] // GRID * (1 - self.gap)))
        tiles = plain_colours(cut_tiles(pictures, draw_offsets(len(pictures), pictures, tile), tile))
        videos = torch.arange(len(pictures), device=pictures.device)[:, None]
        return tiles[videos, self.get_buffer('orders')[labels]]

    def forward(self, network: Network, pictures: Tensor, labels: Tensor) -> Tensor:
        clips = still_clips(self.shown(pictures, labels).unsqueeze(3), self.still_len)
        return self.classify(encode_all(network, clips).flatten(1))


@MODELS.register_module()
class JigsawHead(PretextHead):
    """Predict the permutation of nine tiles.

    Args:
        in_channels, num_orders, gap, still_len, width, dropout: as in `TileOrder`.
        clips_per_picture: pixels of the picture divided by those of a clip's frame, for `frames_through`.

    Clips through the network: 9 still tiles per video, counted by the pixels of the picture.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_orders: int = 100,
        gap: float = 11 / 75,
        still_len: int = 16,
        width: int = 512,
        dropout: float = 0.5,
        clips_per_picture: int = 1,
    ) -> None:
        super().__init__()
        self.clips_per_picture = clips_per_picture
        self.tiles = TileOrder(
            in_channels, num_orders=num_orders, gap=gap, still_len=still_len, width=width, dropout=dropout
        )

    def frames_through(self, frames: int) -> int:
        """Count nine tiles together as their picture."""
        return frames * self.tiles.still_len * self.clips_per_picture

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_tiles` and `acc_tiles`; clips are the frame (B, 1, 3, 1, H, H)."""
        scores = self.tiles(network, clips[:, 0, :, 0], labels['tiles'])
        return classified(scores, labels['tiles'], 'tiles')
