"""Residual networks over space and time: R3D and R(2+1)D of 26 and 10 layers, I-Network R2D-10, M-Network R3D-10."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

from mmaction.registry import MODELS
from torch import Tensor, nn

from cmvl_mm.models.staged import StagedBackbone

Convolution = Literal['3d', '2plus1d', '2d']
Shortcut = Literal['plain', 'factorised']
Triple = Sequence[int]  # (time, height, width)

BLOCK_EXPANSION = {'basic': 1, 'bottleneck': 4}


class FactorizedConv3d(nn.Module):
    """R(2+1)D's replacement of a (t, k, k) convolution: (1, k, k), BN, ReLU, then (t, 1, 1).

    The width between the two gives the pair as many weights as the replaced convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: Triple, stride: Triple) -> None:
        super().__init__()
        t, h, w = kernel
        between = t * h * w * in_channels * out_channels // (h * w * in_channels + t * out_channels)
        self.spatial = _plain_conv(in_channels, between, (1, h, w), (1, stride[1], stride[2]))
        self.norm = nn.BatchNorm3d(between)
        self.temporal = _plain_conv(between, out_channels, (t, 1, 1), (stride[0], 1, 1))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.temporal(self.relu(self.norm(self.spatial(x))))


def _plain_conv(in_channels: int, out_channels: int, kernel: Triple, stride: Triple) -> nn.Conv3d:
    t, h, w = kernel
    s_t, s_h, s_w = stride
    return nn.Conv3d(
        in_channels, out_channels, (t, h, w), (s_t, s_h, s_w), padding=(t // 2, h // 2, w // 2), bias=False
    )


def build_conv(
    in_channels: int, out_channels: int, *, kernel: Triple, stride: Triple, convolution: Convolution
) -> nn.Module:
    """A convolution without bias, padded to keep the size at stride 1.

    '3d' is a plain convolution; '2d' has no kernel or stride along time; '2plus1d' factorises kernels that are
    larger than one both in time and in space.
    """
    if convolution == '2d':
        return _plain_conv(in_channels, out_channels, (1, *kernel[1:]), (1, *stride[1:]))
    if convolution == '2plus1d' and kernel[0] > 1 and max(kernel[1:]) > 1:
        return FactorizedConv3d(in_channels, out_channels, kernel, stride)
    return _plain_conv(in_channels, out_channels, kernel, stride)


class ResidualBlock(nn.Module, ABC):
    """Base of both kinds of block: the sum, and the shortcut (1x1x1 and BN where the shape changes)."""

    def __init__(
        self, in_channels: int, out_channels: int, stride: Triple, convolution: Convolution, shortcut: Shortcut
    ) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module = nn.Identity()
        if in_channels != out_channels or max(stride) > 1:
            one = (1, 1, 1)
            project = (
                FactorizedConv3d(in_channels, out_channels, one, stride)
                if shortcut == 'factorised'
                else build_conv(in_channels, out_channels, kernel=one, stride=stride, convolution=convolution)
            )
            self.downsample = nn.Sequential(project, nn.BatchNorm3d(out_channels))

    last_norm: str  # name of the BN that ends the residual branch

    @abstractmethod
    def residual(self, x: Tensor) -> Tensor:
        """The residual branch; each kind of block defines its own."""

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.residual(x) + self.downsample(x))


class BasicBlock(ResidualBlock):
    """Two 3x3x3 convolutions."""

    def __init__(
        self, in_channels: int, width: int, stride: Triple, convolution: Convolution, shortcut: Shortcut = 'plain'
    ) -> None:
        super().__init__(in_channels, width, stride, convolution, shortcut)
        self.conv1 = build_conv(in_channels, width, kernel=(3, 3, 3), stride=stride, convolution=convolution)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = build_conv(width, width, kernel=(3, 3, 3), stride=(1, 1, 1), convolution=convolution)
        self.bn2 = nn.BatchNorm3d(width)
        self.last_norm = 'bn2'

    def residual(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(x))


class Bottleneck(ResidualBlock):
    """1x1x1 down to `width`, 3x3x3 (the only strided and factorised one), 1x1x1 up to 4 x `width`."""

    def __init__(
        self, in_channels: int, width: int, stride: Triple, convolution: Convolution, shortcut: Shortcut = 'plain'
    ) -> None:
        out_channels = width * BLOCK_EXPANSION['bottleneck']
        super().__init__(in_channels, out_channels, stride, convolution, shortcut)
        one = (1, 1, 1)
        self.conv1 = build_conv(in_channels, width, kernel=one, stride=one, convolution=convolution)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = build_conv(width, width, kernel=(3, 3, 3), stride=stride, convolution=convolution)
        self.bn2 = nn.BatchNorm3d(width)
        self.conv3 = build_conv(width, out_channels, kernel=one, stride=one, convolution=convolution)
        self.bn3 = nn.BatchNorm3d(out_channels)
        self.last_norm = 'bn3'

    def residual(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.bn3(self.conv3(x))


@MODELS.register_module()
class VideoResNet(StagedBackbone):
    """A stem and four residual stages; returns the map of the last stage, or the maps of `out_indices`.

    | network | block | depths | convolution | in_channels | stem_stride | input -> last map |
    |---|---|---|---|---|---|---|
    | R3D-26 | bottleneck | 2 2 2 2 | 3d | 3 | 1 2 2 | 3x16x112x112 -> 2048x2x4x4 |
    | R(2+1)D-26 | bottleneck | 2 2 2 2 | 2plus1d | 3 | 1 2 2 | the same |
    | R3D-10, M-Network | basic | 1 1 1 1 | 3d | 2 | 1 1 1 | 2x8x112x112 -> 512x1x7x7 |
    | R2D-10, I-Network | basic | 1 1 1 1 | 2d | 3 | 1 2 2 | 3x1x112x112 -> 512x1x4x4 |
    | the common R3D (-10) | basic | 1 1 1 1 | 3d | 3 | 1 2 2, no pool | 3x16x112x112 -> 512x2x7x7 |
    | the common R(2+1)D (-10) | basic | 1 1 1 1 | 2plus1d, shortcut factorised | 3 | 1 2 2, no pool | the same |

    Args:
        block: 'basic' (two 3x3x3) or 'bottleneck' (1x1x1, 3x3x3, 1x1x1; output four times as wide).
        depths: blocks per stage. A stage of 0 blocks returns its input and must not stride.
        convolution: '3d', '2plus1d' (factorised) or '2d' (kernels (1, k, k), frames stay separate).
        shortcut: where a block changes the shape, 'plain' projects by one 1x1x1 convolution; 'factorised' by a
            spatial and a temporal one with BN and ReLU between, as Xu et al. (VCOP, CVPR 2019) do. Needs '2plus1d'.
        in_channels: 3 for RGB, 2 for motion vectors.
        width: channels after the stem and inside stage 1; each further stage doubles them.
        stem_kernel, stem_stride: kernel and stride of the first convolution, (time, height, width).
        stem_pool: 'max' halves height and width after the stem, 'none' does not.
        stage_strides: strides of the first block of each stage, (time, height, width).
        branch_start: 'zero' starts every block as its shortcut (the last BN's scale is 0, as released), 'full' with
            both branches, which learns faster in networks of few blocks and short runs.
        out_indices: stages whose maps are returned, from 0, as in `StagedBackbone`.

    Shape: (N, in_channels, T, H, W) -> (N, C4, T4, H4, W4), or a tuple of maps; `out_channels` is the last map's.

    Raises:
        ValueError: a list does not have length 4, a stage without blocks strides, only the shortcut is factorised, or
            `out_indices` does not name stages.
    """

    def __init__(
        self,
        *,
        block: Literal['basic', 'bottleneck'] = 'bottleneck',
        depths: Sequence[int] = (2, 2, 2, 2),
        convolution: Convolution = '3d',
        shortcut: Shortcut = 'plain',
        in_channels: int = 3,
        width: int = 64,
        stem_kernel: Triple = (3, 7, 7),
        stem_stride: Triple = (1, 2, 2),
        stem_pool: Literal['max', 'none'] = 'max',
        stage_strides: Sequence[Triple] = ((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 2, 2)),
        branch_start: Literal['zero', 'full'] = 'zero',
        out_indices: Sequence[int] | None = None,
    ) -> None:
        super().__init__(num_stages=4, out_indices=out_indices)
        _check_choice('block', block, tuple(BLOCK_EXPANSION))
        _check_choice('convolution', convolution, ('3d', '2plus1d', '2d'))
        _check_choice('shortcut', shortcut, ('plain', 'factorised'))
        if shortcut == 'factorised' and convolution != '2plus1d':
            raise ValueError(f"shortcut='factorised' needs convolution='2plus1d', not {convolution=}")
        _check_choice('branch_start', branch_start, ('zero', 'full'))
        _check_choice('stem_pool', stem_pool, ('max', 'none'))
        if len(depths) != 4 or len(stage_strides) != 4:
            raise ValueError(f'VideoResNet has four stages; got {depths=} and {stage_strides=}')
        make_block = BasicBlock if block == 'basic' else Bottleneck

        self.conv1 = build_conv(in_channels, width, kernel=stem_kernel, stride=stem_stride, convolution=convolution)
        self.bn1 = nn.BatchNorm3d(width)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)) if stem_pool == 'max' else nn.Identity()

        channels = width
        for index in self.built_stages():
            depth, stride = depths[index], stage_strides[index]
            if depth == 0 and max(stride) > 1:
                raise ValueError(f'stage {index + 1} has no block for its stride {tuple(stride)}')
            stage = nn.Sequential()
            for position in range(depth):
                step = stride if position == 0 else (1, 1, 1)
                stage.append(make_block(channels, width * 2**index, step, convolution, shortcut))
                channels = width * 2**index * BLOCK_EXPANSION[block]
            self.add_module(f'layer{index + 1}', stage)
        self.out_channels = channels
        self.apply(_kaiming)
        for part in self.modules():
            if isinstance(part, ResidualBlock) and branch_start == 'zero':
                nn.init.zeros_(part.get_parameter(f'{part.last_norm}.weight'))

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        x = self.pool(self.relu(self.bn1(self.conv1(x))))
        maps = {}
        for index in self.built_stages():
            x = self.get_submodule(f'layer{index + 1}')(x)
            if index in self.out_indices:
                maps[index] = x
        return self.given(maps)


def _kaiming(module: nn.Module) -> None:
    if isinstance(module, nn.Conv3d):
        nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f'{name}={value!r} is unknown. Supported: {", ".join(allowed)}')
