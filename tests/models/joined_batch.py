"""A training step of a small recognizer on several processes, against the same step of one process on all videos."""

import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
from gloo_ranks import run_ranks
from mmaction.structures import ActionDataSample
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from cmvl_mm.models.classification_head import ClassificationHead
from cmvl_mm.models.heads import ContextMatchingHead, PointwiseInfoNCEHead
from cmvl_mm.models.neck import FusedPretextNeck
from cmvl_mm.models.norm import convert_sync_batchnorm
from cmvl_mm.models.predictors import TransformerPredictor
from cmvl_mm.models.recognizer import ContextMotionRecognizer
from cmvl_mm.models.resnet import VideoResNet

SMALL = dict(hidden_channels=16, embed_channels=8)
V_NETWORK = dict(
    block='basic',
    depths=(1, 1, 1, 1),
    width=4,
    stem_kernel=(3, 3, 3),
    stem_pool='none',
    stage_strides=((1, 1, 1), (2, 2, 2), (1, 1, 1), (2, 2, 2)),
)  # 3x8x16x16 -> 16x4x4x4, 32x2x2x2


def tiny(*heads: str, **changes) -> ContextMotionRecognizer:
    """A ResNet recognizer with the fused neck and the heads named ('context', 'motion', 'cls')."""
    parts: dict[str, nn.Module] = {}
    if 'context' in heads:
        i_network = VideoResNet(block='basic', depths=(1, 1, 1, 1), width=4, convolution='2d')
        parts['context_head'] = ContextMatchingHead(in_channels=32, i_network=i_network, **SMALL)
    if 'motion' in heads:
        predictor = TransformerPredictor(
            in_channels=32, memory_size=(2, 4, 4), query_size=(1, 2, 2), width=16, ffn_width=16, num_heads=2, dropout=0
        )
        m_network = VideoResNet(
            block='basic', depths=(1, 1, 1, 1), width=4, in_channels=2, stem_stride=(1, 1, 1), stem_pool='none'
        )
        parts['motion_head'] = PointwiseInfoNCEHead(predictor=predictor, m_network=m_network, **SMALL)
    if 'cls' in heads:
        parts['cls_head'] = ClassificationHead(num_classes=5, in_channels=32, dropout=0.0)
    return ContextMotionRecognizer(VideoResNet(**V_NETWORK), neck=FusedPretextNeck(), **parts | changes)


def batch(videos: int = 4, dtype=torch.float32) -> tuple[dict[str, Tensor], list[ActionDataSample]]:
    inputs = dict(
        imgs=torch.randn(videos, 3, 8, 16, 16, dtype=dtype),
        iframe=torch.randn(videos, 3, 32, 32, dtype=dtype),
        motion=torch.randn(videos, 4, 2, 8, 16, 16, dtype=dtype),
    )
    return inputs, [ActionDataSample().set_gt_label(video % 5) for video in range(videos)]


def total(losses: dict[str, Tensor]) -> Tensor:
    return sum(value for key, value in losses.items() if 'loss' in key)


def step_of(model: nn.Module, inputs: dict[str, Tensor], labels: Tensor) -> dict[str, Tensor]:
    """Two training steps' losses (of the second), gradients and running statistics."""
    samples = [ActionDataSample().set_gt_label(int(label)) for label in labels]
    total(model(inputs, samples, mode='loss')).backward()
    model.zero_grad()
    losses = model(inputs, samples, mode='loss')
    total(losses).backward()
    results = {f'loss of {key}': value.detach() for key, value in losses.items() if 'cls' not in key}
    results |= {f'gradient of {name}': p.grad for name, p in model.named_parameters()}
    return results | {f'statistic {name}': buffer for name, buffer in model.named_buffers()}


def step_of_one_rank(rank: int, weights: dict, inputs: dict, labels: Tensor) -> dict[str, Tensor]:
    model = tiny('context', 'motion', 'cls').double()
    model.load_state_dict(weights)
    parallel = DistributedDataParallel(convert_sync_batchnorm(model, 'cpu'))
    share = len(labels) // dist.get_world_size()
    own = slice(share * rank, share * (rank + 1))
    results = step_of(parallel, {key: value[own] for key, value in inputs.items()}, labels[own])
    return {key.replace('module.', ''): value for key, value in results.items()}


def worst_error(*, ranks: int, videos: int = 4) -> float:
    """The largest difference between one process and each of several, relative to the largest value of its tensor.

    In fp64, over the losses of the second step and every gradient and running statistic after it. A bias before a
    batch-norm has gradient 0, so there is only rounding to compare: values below 0.1 count as 0.1.
    """
    torch.manual_seed(0)
    model = tiny('context', 'motion', 'cls').double()
    for norm in (m for m in model.modules() if isinstance(m, nn.BatchNorm3d)):
        nn.init.ones_(norm.weight)  # else residual branches, which start at zero, would go untested
    inputs, _ = batch(videos, dtype=torch.float64)
    labels = torch.tensor([0, 3, 1, 4] * (videos // 4))
    with tempfile.TemporaryDirectory(prefix='ranks') as folder:
        results = run_ranks(ranks, Path(folder), step_of_one_rank, model.state_dict(), inputs, labels)
    expected = step_of(model, inputs, labels)
    if any(result.keys() != expected.keys() for result in results):
        raise AssertionError('the ranks report other losses, gradients or statistics than one process')
    return max(
        float((result[name] - value).abs().max() / value.abs().max().clamp(min=0.1))
        for result in results
        for name, value in expected.items()
    )
