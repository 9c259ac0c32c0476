"""C3D with batch-norm and without fully connected layers, as the paper's comparison group uses it."""

from mmaction.registry import MODELS
from torch import Tensor, nn

# (name, width multiple, pooling before it); conv 3x3x3 + BN + ReLU each
LAYERS = (
    ('1', 1, None),
    ('2', 2, (1, 2, 2)),
    ('3a', 4, (2, 2, 2)),
    ('3b', 4, None),
    ('4a', 8, (2, 2, 2)),
    ('4b', 8, None),
    ('5a', 8, (2, 2, 2)),
    ('5b', 8, None),
)


@MODELS.register_module()
class C3DBN(nn.Module):
    """Eight 3x3x3 convolutions with BN; no pool5, no fc6, no fc7 (MMAction2's `C3D` has them: 78 M).

    Args:
        width: channels of the first convolution; the last has 8 x `width`.

    Shape: (N, 3, 16, 112, 112) -> ((N, 512, 4, 14, 14), (N, 512, 2, 7, 7)), the maps of stages 4 and 5.
    `out_channels` is 8 x `width`; 27.66 M parameters at width 64.
    """

    def __init__(self, *, width: int = 64) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        channels = 3
        for name, multiple, pooling in LAYERS:
            if pooling is not None:
                self.add_module(f'pool_before_{name}', nn.MaxPool3d(pooling, pooling))
            self.add_module(f'conv{name}', nn.Conv3d(channels, width * multiple, 3, padding=1))
            channels = width * multiple
            self.add_module(f'bn{name}', nn.BatchNorm3d(channels))
        self.out_channels = channels
        self.apply(_kaiming)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        fourth = x
        for name, _, pooling in LAYERS:
            if name == '5a':
                fourth = x
            if pooling is not None:
                x = self.get_submodule(f'pool_before_{name}')(x)
            x = self.get_submodule(f'conv{name}')(x)
            x = self.relu(self.get_submodule(f'bn{name}')(x))
        return fourth, x


def _kaiming(module: nn.Module) -> None:
    if isinstance(module, nn.Conv3d) and module.bias is not None:
        nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
        nn.init.zeros_(module.bias)
