"""Table 1's recurrent predictor: reads the clip's map slice by slice and predicts the future from its state."""

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn


class ConvGRUCell(nn.Module):
    """One step of a gated recurrent unit, at every point independently (kernel 1).

    z = sigmoid(W_z [x, h]),  r = sigmoid(W_r [x, h]),  c = tanh(W_c [x, r h]),  h' = (1 - z) h + z c

    Shape: x (N, width, H, W), h (N, width, H, W) -> h' (N, width, H, W).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.update_gate, self.reset_gate, self.candidate = (nn.Conv2d(2 * width, width, 1) for _ in range(3))
        for gate in (self.update_gate, self.reset_gate, self.candidate):
            nn.init.orthogonal_(gate.weight)
            if gate.bias is not None:
                nn.init.zeros_(gate.bias)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        both = torch.cat([x, state], dim=1)
        update, reset = self.update_gate(both).sigmoid(), self.reset_gate(both).sigmoid()
        candidate = self.candidate(torch.cat([x, reset * state], dim=1)).tanh()
        return torch.lerp(state, candidate, update)


@MODELS.register_module()
class ConvGRUPredictor(nn.Module):
    """Read T1 slices of the video map, then `num_steps` times predict a slice and read it back in.

    Args:
        in_channels: C1 of the video map.
        num_steps: T3, slices of the motion map to predict.
        width: channels of the state and of the prediction.
        dropout: rate of the dropout on the state after every step.

    Shape: (N, C1, T1, H1, W1) -> (N, width, num_steps, H1, W1). `out_channels` is `width`.
    """

    def __init__(self, *, in_channels: int, num_steps: int = 1, width: int = 512, dropout: float = 0.1) -> None:
        super().__init__()
        if num_steps < 1:
            raise ValueError(f'num_steps={num_steps} must be at least 1: the slices to predict')
        self.num_steps, self.out_channels = num_steps, width
        self.reduce = nn.Conv3d(in_channels, width, 1, bias=False)
        self.cell = ConvGRUCell(width)
        self.dropout = nn.Dropout(dropout)
        self.predict = nn.Sequential(nn.Conv2d(width, width, 1), nn.ReLU(inplace=True), nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        slices = self.reduce(x).unbind(2)  # T1 of (N, width, H1, W1)
        state = torch.zeros_like(slices[0])
        for seen in slices:
            state = self.dropout(self.cell(seen, state))
        predictions = [self.predict(state)]
        while len(predictions) < self.num_steps:
            state = self.dropout(self.cell(predictions[-1], state))
            predictions.append(self.predict(state))
        return torch.stack(predictions, dim=2)
