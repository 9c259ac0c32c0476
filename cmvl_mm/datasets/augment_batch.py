"""Colour augmentation of a whole batch on the model's device: `augment.apply_colour` in torch.

Every step runs on all samples and does not change samples without this step. There is no loop over samples, no shape
depends on the draws, and the host reads nothing back. Values are whole grey levels in fp32, rounded after each step
like the host's uint8.
"""

import torch
from torch import Tensor

from .augment import COLOUR_NUMBERS, LUMA
from .hue import CHANNEL_SHIFTS, FULL_DROP, HUES, SECTOR, TO_CEIL


@torch.no_grad()
@torch.autocast('cuda', enabled=False)
@torch.autocast('cpu', enabled=False)
def recolour(pictures: Tensor, draws: Tensor) -> Tensor:
    """Jitter in the order drawn for each sample, then gray, then blur.

    Args:
        pictures: (B, 3, T, H, W) uint8 RGB; H and W above the blur's radius, which is three sigma.
        draws: (B, 10), `augment.encode_colour` of each sample.

    Returns:
        (B, 3, T, H, W) fp32, whole levels in 0 ... 255. With the paper's draws the difference to the host's result is
        0.02 levels on average and at most 9 in 320 clips (tests/datasets/test_augment_batch.py has each step). On a
        CPU the peak memory was six to seven times that of the result.

    Raises:
        ValueError: the shapes do not match.
    """
    if pictures.ndim != 5 or pictures.shape[1] != 3 or draws.shape != (len(pictures), COLOUR_NUMBERS):
        raise ValueError(
            f'pictures {tuple(pictures.shape)} and draws {tuple(draws.shape)} are not (B, 3, T, H, W) and '
            f"(B, {COLOUR_NUMBERS}). Remedy: use PackSample(clips='one') or AugmentColour(where='host')."
        )
    levels = pictures.float()
    before, after = _factors_round_hue(draws)
    for factors in before.unbind(1):
        levels = _blend(levels, factors)
    hue = draws[:, 4:5]
    levels = torch.where(_spread(hue.isnan()), levels, _turn_hue(levels, hue.nan_to_num(0)))
    for factors in after.unbind(1):
        levels = _blend(levels, factors)
    return _blur(levels, draws[:, :1])


def recolour_inputs(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Recolour `imgs` and `iframe` of a batch if it holds their draws, and remove the draws."""
    inputs = dict(inputs)
    if 'imgs_colour' in inputs:
        inputs['imgs'] = recolour(inputs['imgs'], inputs.pop('imgs_colour'))
    if 'iframe_colour' in inputs:
        inputs['iframe'] = recolour(inputs['iframe'].unsqueeze(2), inputs.pop('iframe_colour')).squeeze(2)
    return inputs


def _factors_round_hue(draws: Tensor) -> tuple[Tensor, Tensor]:
    """Factors of brightness, contrast and saturation, in the order of the steps; each step changes at most one.

    Returns:
        The factors before the hue step, (B, 3, 3), and those after it, then gray, (B, 4, 3); 1 changes nothing.
    """
    factors, places, place_of_hue = draws[:, None, 1:4].nan_to_num(1), draws[:, None, 5:8], draws[:, None, 8:9]
    step = torch.arange(4, device=draws.device)[:, None]
    in_order = factors.where(places == step, 1)  # (B, 4, 3)
    gray = torch.ones_like(factors)
    gray[..., 2:] -= draws[:, None, 9:]
    before, after = in_order.where(step < place_of_hue, 1), in_order.where(step > place_of_hue, 1)
    return before[:, :3], torch.cat([after[:, 1:], gray], dim=1)


def _blend(levels: Tensor, factors: Tensor) -> Tensor:
    """Change brightness, contrast or saturation by (B, 3) factors; a sample changes one, and 1 changes nothing."""
    brightness, contrast, saturation = _spread(factors).split(1, dim=1)
    luma = _luma(levels)
    mean = luma.mean(dim=(3, 4), keepdim=True).round()  # of each frame
    mixed = levels * (brightness * contrast * saturation) + (luma * (1 - saturation) + mean * (1 - contrast))
    return mixed.round_().clamp_(0, 255)


def _luma(levels: Tensor) -> Tensor:
    """RGB (B, 3, T, H, W) -> luma (B, 1, T, H, W)."""
    red, green, blue = levels.split(1, dim=1)
    of_red, of_green, of_blue = LUMA.tolist()
    return of_red * red + of_green * green + of_blue * blue


def _turn_hue(levels: Tensor, turn: Tensor) -> Tensor:
    """Turn the hue by (B, 1) shares of a full circle, in steps of two degrees, exactly as `hue.turn_hue`.

    Hue and saturation are rounded as in OpenCV, by quotients in units of 1 / 4096: one step of the hue can change a
    pixel by eight levels. All products stay below 2^24, so fp32 holds them exactly.
    """
    red, green, blue = levels.unbind(1)
    value = levels.amax(1)
    chroma = value - levels.amin(1)
    sector = torch.where(
        value == red,
        green - blue,
        torch.where(value == green, blue - red + 2 * chroma, red - green + 4 * chroma),
    )
    hue = _fixed_point(sector, SECTOR, chroma) + (turn * HUES).round()[:, :, None, None]
    full = value * _fixed_point(chroma, 255, value)
    channels = []
    for shift in CHANNEL_SHIFTS:
        place = (hue + shift).remainder(HUES)
        drop = full * torch.minimum(place, 4 * SECTOR - place).clamp_(0, SECTOR)
        channels.append(value - (drop / FULL_DROP + TO_CEIL).floor_())
    return torch.stack(channels, dim=1)


def _fixed_point(numerator: Tensor, scale: int, denominator: Tensor) -> Tensor:
    """scale * numerator / denominator, rounded; the quotient scale / denominator is rounded to 1 / 4096 first."""
    quotient = (scale * 4096 / denominator.clamp(min=1)).round_()
    return ((numerator * quotient + 2048) / 4096).floor_()


def _blur(levels: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian blur with (B, 1) standard deviations in pixels, as two matrices per sample; NaN blurs nothing."""
    height, width = levels.shape[3:]
    blurred = torch.einsum('bij,bctjw->bctiw', _blur_matrix(sigma, height), levels)
    return torch.einsum('bctiw,bjw->bctij', blurred, _blur_matrix(sigma, width)).round_().clamp_(0, 255)


def _blur_matrix(sigma: Tensor, size: int) -> Tensor:
    """(B, 1) -> (B, size, size): the weight of each pixel in each blurred pixel; rows sum to 1.

    At the border the picture is mirrored without repeating its last pixel (BORDER_REFLECT_101).
    """
    sigma = sigma.nan_to_num(0.01)[:, :, None]  # such a narrow blur has no effect
    radius = ((6 * sigma + 1).round() / 2).floor()  # OpenCV's for uint8
    pixel = torch.arange(size, device=sigma.device)
    here, there = pixel[:, None], pixel[None, :]

    def weight(distance: Tensor) -> Tensor:
        return torch.exp(-0.5 * (distance / sigma) ** 2) * (distance.abs() <= radius)

    inner_left, inner_right = there > 0, there < size - 1
    matrix = weight(there - here) + weight(there + here) * inner_left
    matrix += weight(2 * (size - 1) - there - here) * inner_right
    return matrix / matrix.sum(dim=2, keepdim=True)


def _spread(numbers: Tensor) -> Tensor:
    """(B, n) -> (B, n, 1, 1, 1), which broadcasts with (B, 3, T, H, W)."""
    return numbers[:, :, None, None, None]
