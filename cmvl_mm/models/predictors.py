"""Predict the map of the future motion from the map of a clip.

A predictor maps (N, C1, T1, H1, W1) to (N, D, T3, H3, W3); its `out_channels` is D.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn


class _Attention(nn.Module):
    """Attention whose queries and keys, but not values, carry positions (as in DETR)."""

    def __init__(self, width: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, num_heads, dropout=dropout, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, x_position: Tensor, memory: Tensor, memory_position: Tensor) -> Tensor:
        attended, _ = self.attention(x + x_position, memory + memory_position, memory, need_weights=False)
        return self.norm(x + self.dropout(attended))


class _FeedForward(nn.Module):
    def __init__(self, width: int, ffn_width: int, dropout: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, ffn_width)
        self.fc2 = nn.Linear(ffn_width, width)
        self.norm = nn.LayerNorm(width)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.dropout(self.relu(self.fc1(x)))
        return self.norm(x + self.dropout(self.fc2(hidden)))


class _EncoderLayer(nn.Module):
    def __init__(self, width: int, ffn_width: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.self_attention = _Attention(width, num_heads, dropout)
        self.feed_forward = _FeedForward(width, ffn_width, dropout)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        return self.feed_forward(self.self_attention(x, position, x, position))


class _DecoderLayer(nn.Module):
    def __init__(self, width: int, ffn_width: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.self_attention = _Attention(width, num_heads, dropout)
        self.cross_attention = _Attention(width, num_heads, dropout)
        self.feed_forward = _FeedForward(width, ffn_width, dropout)

    def forward(self, x: Tensor, position: Tensor, memory: Tensor, memory_position: Tensor) -> Tensor:
        x = self.self_attention(x, position, x, position)
        return self.feed_forward(self.cross_attention(x, position, memory, memory_position))


@MODELS.register_module()
class TransformerPredictor(nn.Module):
    """The paper's encoder-decoder (section 3.3): every future point attends to the whole clip.

    Layers are post-norm. Learned positions are added to queries and keys at every layer. The decoder starts from
    zeros, so that the first query is only its position.

    Args:
        in_channels: C1 of the video map.
        memory_size: (T1, H1, W1) of the video map.
        query_size: (T3, H3, W3) of the motion map to predict.
        width, ffn_width, num_heads, dropout: settings of all layers.
        num_encoder_layers, num_decoder_layers: 2 and 4 in the paper.
        positions: 'attention' adds positions to queries and keys at every layer and starts the decoder from zeros, as
            released; 'input' adds them once, to the inputs of encoder and decoder: small runs then learn positions
            within a few epochs instead of ten.

    Shape: (N, C1, T1, H1, W1) -> (N, width, T3, H3, W3). `out_channels` is `width`.

    Raises:
        ValueError: the input map does not have `in_channels` and `memory_size`.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        memory_size: Sequence[int] = (2, 7, 7),
        query_size: Sequence[int] = (1, 7, 7),
        width: int = 512,
        ffn_width: int = 512,
        num_heads: int = 8,
        num_encoder_layers: int = 2,
        num_decoder_layers: int = 4,
        dropout: float = 0.1,
        positions: Literal['attention', 'input'] = 'attention',
    ) -> None:
        super().__init__()
        if positions not in ('attention', 'input'):
            raise ValueError(f'positions={positions!r} is unknown. Supported: attention, input')
        self.positions = positions
        self.in_channels, self.out_channels = in_channels, width
        self.memory_size, self.query_size = torch.Size(memory_size), torch.Size(query_size)
        self.reduce = nn.Linear(in_channels, width, bias=False)
        self.memory_position = nn.Parameter(torch.empty(self.memory_size.numel(), width))
        self.query_position = nn.Parameter(torch.empty(self.query_size.numel(), width))
        layer = (width, ffn_width, num_heads, dropout)
        self.encoder = nn.ModuleList(_EncoderLayer(*layer) for _ in range(num_encoder_layers))
        self.decoder = nn.ModuleList(_DecoderLayer(*layer) for _ in range(num_decoder_layers))
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.xavier_uniform_(parameter)
        nn.init.uniform_(self.memory_position)
        nn.init.uniform_(self.query_position)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1:] != (self.in_channels, *self.memory_size):
            raise ValueError(
                f'the video map is {tuple(x.shape[1:])}, but this predictor was built for '
                f'{(self.in_channels, *self.memory_size)}. Remedy: set in_channels and memory_size to match the map.'
            )
        memory = self.reduce(x.flatten(2).transpose(1, 2))  # (N, T1*H1*W1, width)
        future = memory.new_zeros(len(x), *self.query_position.shape)  # (N, T3*H3*W3, width)
        at_memory, at_future = self.memory_position, self.query_position
        if self.positions == 'input':
            memory, future = memory + at_memory, future + at_future
            at_memory = at_future = memory.new_zeros(())
        for encode in self.encoder:
            memory = encode(memory, at_memory)
        for decode in self.decoder:
            future = decode(future, at_future, memory, at_memory)
        return future.transpose(1, 2).unflatten(2, self.query_size)
