"""The two-layer MLP from a network's features to the embedding space."""

from typing import Literal

from torch import Tensor, nn


class ProjectionMLP(nn.Module):
    """Linear, BN, ReLU, Linear without bias, BN. One row is one embedding: a clip, or a point of a map.

    On the points of a map this equals a 1x1 convolution, so the global and the pointwise heads share the class.

    Args:
        in_channels, hidden_channels, out_channels: the paper's heads are C -> 2048 -> 512.
        output_norm: 'batch' ends with a BN (the released heads), 'none' with the linear layer.

    Shape: (..., in_channels) -> (..., out_channels); BN statistics run over all leading dimensions.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        hidden_channels: int = 2048,
        out_channels: int = 512,
        output_norm: Literal['batch', 'none'] = 'batch',
    ) -> None:
        super().__init__()
        if output_norm not in ('batch', 'none'):
            raise ValueError(f'output_norm={output_norm!r} is unknown. Supported: batch, none')
        self.fc1 = nn.Linear(in_channels, hidden_channels)
        self.bn1 = nn.BatchNorm1d(hidden_channels)
        self.relu = nn.ReLU(inplace=True)
        self.fc2 = nn.Linear(hidden_channels, out_channels, bias=False)
        self.bn2 = nn.BatchNorm1d(out_channels) if output_norm == 'batch' else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(0, -2)  # (rows, in_channels)
        rows = self.bn2(self.fc2(self.relu(self.bn1(self.fc1(rows)))))
        return rows.unflatten(0, x.shape[:-1])
