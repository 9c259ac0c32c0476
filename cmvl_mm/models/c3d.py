"""C3D with batch-norm and without fully connected layers, as the methods that the paper compares with use it."""

from collections.abc import Sequence

from mmaction.registry import MODELS
from torch import Tensor, nn

from cmvl_mm.models.staged import StagedBackbone

# (name, which begins with the stage from 1 on; width multiple; pooling before it); conv 3x3x3 + BN + ReLU each
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
class C3DBN(StagedBackbone):
    """Eight 3x3x3 convolutions with BN; no pool5, no fc6, no fc7 (MMAction2's `C3D` has them: 78 M).

    Args:
        width: channels of the first convolution; the last has 8 x `width`.
        out_indices: stages whose maps are returned, from 0, as in `StagedBackbone`.

    Shape: (N, 3, 16, 112, 112) -> (N, 512, 2, 7, 7), the map of the last stage, 4; that of stage 3 is
    (N, 512, 4, 14, 14). `out_channels` is the last map's; 27.66 M parameters at width 64.
    """

    def __init__(self, *, width: int = 64, out_indices: Sequence[int] | None = None) -> None:
        super().__init__(num_stages=5, out_indices=out_indices)
        self.relu = nn.ReLU(inplace=True)
        staged = ((int(layer[0][0]) - 1, layer) for layer in LAYERS)
        self.layers = tuple((stage, layer) for stage, layer in staged if stage in self.built_stages())
        channels = 3
        for _, (name, multiple, pooling) in self.layers:
            if pooling is not None:
                self.add_module(f'pool_before_{name}', nn.MaxPool3d(pooling, pooling))
            self.add_module(f'conv{name}', nn.Conv3d(channels, width * multiple, 3, padding=1))
            channels = width * multiple
            self.add_module(f'bn{name}', nn.BatchNorm3d(channels))
        self.out_channels = channels
        self.apply(_kaiming)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        maps = {}
        for stage, (name, _, pooling) in self.layers:
            if pooling is not None:
                x = self.get_submodule(f'pool_before_{name}')(x)
            x = self.get_submodule(f'conv{name}')(x)
            x = self.relu(self.get_submodule(f'bn{name}')(x))
            if stage in self.out_indices:
                maps[stage] = x  # the map of the stage's last layer remains
        return self.given(maps)


def _kaiming(module: nn.Module) -> None:
    if isinstance(module, nn.Conv3d) and module.bias is not None:
        nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
        nn.init.zeros_(module.bias)
