"""MMAction2's backbones as V-Networks: a step of pretraining, one of finetuning, a retrieval; writes docs/backbones.md.

    python tests/models/backbone_sweep.py

All are built small and with random weights; what they take and return does not depend on their width.
"""

import logging
import warnings
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.registry import DefaultScope
from torch import nn

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.gradients import without_gradient
from cmvl_mm.models.feature_maps import shapes

VIDEOS = 2
R3D = dict(depth=18, pretrained=None, base_channels=4)
PATHWAY = dict(type='resnet3d', depth=18, pretrained=None, conv1_stride_t=1, pool1_stride_t=1)
FRAMES = dict(num_segments=8, pretrained=None, pretrained2d=False)
VIT = dict(img_size=32, patch_size=16, embed_dims=24, num_heads=2, num_frames=8)
MVIT = dict(
    arch=dict(embed_dims=24, num_layers=2, num_heads=1, downscale_indices=[1], dim_mul_indices=[1]),
    spatial_size=32,
    temporal_size=8,
)
SKELETON = dict(graph_cfg=dict(layout='coco', mode='stgcn_spatial'))
BACKBONES: dict[str, dict[str, Any]] = {
    'ResNet3d (I3D, R3D)': dict(type='ResNet3d', pretrained2d=False, **R3D),
    'ResNet3d, two stages': dict(type='ResNet3d', pretrained2d=False, out_indices=(2, 3), **R3D),
    'ResNet3dSlowOnly': dict(type='ResNet3dSlowOnly', **R3D),
    'ResNet3dSlowFast': dict(
        type='ResNet3dSlowFast',
        resample_rate=4,
        speed_ratio=4,
        channel_ratio=4,
        slow_pathway=dict(lateral=True, base_channels=8, conv1_kernel=(1, 7, 7), inflate=(0, 0, 1, 1), **PATHWAY),
        fast_pathway=dict(lateral=False, base_channels=2, conv1_kernel=(5, 7, 7), **PATHWAY),
    ),
    'ResNet3dCSN': dict(type='ResNet3dCSN', pretrained2d=False, **R3D | dict(depth=50)),
    'ResNet2Plus1d': dict(
        type='ResNet2Plus1d', pretrained2d=False, conv_cfg=dict(type='Conv2plus1d'), norm_cfg=dict(type='BN3d'), **R3D
    ),
    'C2D': dict(type='C2D', depth=50, pretrained=None),
    'C3D': dict(type='C3D', out_dim=2048),
    'X3D': dict(type='X3D', gamma_w=0.25, gamma_b=1, gamma_d=1),
    'OmniResNet': dict(type='OmniResNet', layers=[1, 1, 1, 1]),
    'ResNet (TSN)': dict(type='ResNet', depth=18, pretrained=None),
    'MobileNetV2': dict(type='MobileNetV2', widen_factor=0.1),
    'ResNetTSM': dict(type='ResNetTSM', depth=18, **FRAMES),
    'ResNetTSM, temporal_pool': dict(type='ResNetTSM', depth=18, temporal_pool=True, **FRAMES),
    'MobileNetV2TSM': dict(type='MobileNetV2TSM', widen_factor=0.1, **FRAMES),
    'ResNetTIN': dict(type='ResNetTIN', depth=50, **FRAMES),
    'TANet': dict(type='TANet', depth=50, num_segments=8, pretrained=None),
    'SwinTransformer3D': dict(
        type='SwinTransformer3D',
        arch=dict(embed_dims=12, depths=[1, 1, 1, 1], num_heads=[1, 2, 2, 2]),
        pretrained2d=False,
    ),
    'MViT': dict(type='MViT', **MVIT),
    'MViT, no class token': dict(type='MViT', output_cls_token=False, out_scales=[0, 1], **MVIT),
    'UniFormer': dict(
        type='UniFormer', depth=[1, 1, 1, 1], embed_dim=[16, 16, 16, 16], head_dim=8, pretrained2d=False
    ),
    'UniFormerV2': dict(
        type='UniFormerV2', input_resolution=32, patch_size=16, width=24, layers=2, heads=2, t_size=8,
        return_list=[0, 1], n_layers=2, n_dim=24, n_head=2, mlp_dropout=[0.0, 0.0], clip_pretrained=False,
    ),
    'VisionTransformer (VideoMAE)': dict(type='VisionTransformer', depth=1, **VIT),
    'VisionTransformer, return_feat_map': dict(
        type='VisionTransformer', depth=1, return_feat_map=True, use_mean_pooling=False, **VIT
    ),
    'TimeSformer': dict(type='TimeSformer', num_transformer_layers=1, **VIT),
    'TimeSformer, joint_space_time': dict(
        type='TimeSformer', num_transformer_layers=1, attention_type='joint_space_time', **VIT
    ),
    'RGBPoseConv3D': dict(type='RGBPoseConv3D'),
    'ResNet3dLayer': dict(type='ResNet3dLayer', depth=50, pretrained=None, pretrained2d=False),
    'ResNetAudio': dict(type='ResNetAudio', depth=50, pretrained=None),
    'STGCN': dict(type='STGCN', **SKELETON),
}  # fmt: skip
FRAMES_OF = {'C3D': 16}
CLEAR = (ValueError, TypeError, ImportError)
"""What may refuse a backbone; anything else is a fault, however it reads."""


@dataclass
class Row:
    """What became of one backbone; an outcome is 'ok', or what the error says."""

    name: str
    returned: str = '–'
    read_as: str = '–'
    pretrain: str = ''
    context_alone: str = ''
    finetune: str = ''
    retrieve: str = ''
    without_gradient: list[str] = field(default_factory=list)


def target(**changes: Any) -> dict[str, Any]:
    return dict(type='VideoResNet', block='basic', depths=(1, 1, 1, 1), width=4, **changes)


def heads(channels: int, size: tuple[int, ...]) -> dict[str, dict[str, Any]]:
    small = dict(hidden_channels=16, embed_channels=8)
    predictor = dict(
        type='TransformerPredictor', in_channels=channels, memory_size=size, query_size=(1, 2, 2), width=16,
        ffn_width=16, num_heads=2,
    )  # fmt: skip
    m_network = target(in_channels=2, stem_stride=(1, 1, 1), stem_pool='none')
    return dict(
        context_head=dict(
            type='ContextMatchingHead', in_channels=channels, i_network=target(convolution='2d'), **small
        ),
        motion_head=dict(type='PointwiseInfoNCEHead', predictor=predictor, m_network=m_network, **small),
        cls_head=dict(type='ClassificationHead', num_classes=3, in_channels=channels),
    )


def build(backbone: dict[str, Any], **parts: dict[str, Any]) -> nn.Module:
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(dict(type='ContextMotionRecognizer', backbone=deepcopy(backbone), **deepcopy(parts)))
        model.init_weights()
    return model


def outcome(action: Callable[[], None]) -> str:
    try:
        action()
    except CLEAR as error:
        return f'{type(error).__name__}: {error}'.strip()
    except Exception as error:
        return f'UNCLEAR {type(error).__name__}: {error}'
    return 'ok'


def examine(name: str) -> Row:
    """Everything that the table says of one backbone."""
    torch.manual_seed(0)
    row, backbone, frames = Row(name), BACKBONES[name], FRAMES_OF.get(name, 8)
    inputs = dict(
        imgs=torch.randn(VIDEOS, 3, frames, 32, 32),
        iframe=torch.randn(VIDEOS, 3, 32, 32),
        motion=torch.randn(VIDEOS, 2, 2, 8, 16, 16),
    )
    samples = [ActionDataSample().set_gt_label(video) for video in range(VIDEOS)]
    shape: list[torch.Size] = []

    def retrieve() -> None:
        model = build(backbone).eval()
        features = model._features(inputs['imgs'])
        row.returned = shapes(features.returned)
        read = features.pooled_or_map() if features.maps else features.pooled()
        shape.append(features.pooled_or_map().shape)
        row.read_as = shapes(read)
        found = torch.stack([sample.feature for sample in model.predict(inputs)])
        torch.testing.assert_close(found, features.pooled())

    row.retrieve = outcome(retrieve)
    if not shape:
        row.pretrain = row.finetune = row.context_alone = row.retrieve
        return row

    def step(*tasks: str) -> None:
        parts = heads(shape[0][1], tuple(shape[0][2:]))
        model = build(backbone, **{task: parts[task] for task in tasks}).train()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        loss, _ = model.parse_losses(model(inputs, samples, mode='loss'))
        loss.backward()
        row.without_gradient += without_gradient(model, optimizer)
        optimizer.step()
        assert loss.isfinite()

    row.pretrain = outcome(lambda: step('context_head', 'motion_head'))
    row.context_alone = row.pretrain if row.pretrain == 'ok' else outcome(lambda: step('context_head'))
    row.finetune = outcome(lambda: step('cls_head'))
    return row


INTRODUCTION = """# MMAction2's backbones as V-Networks

Generated by `python tests/models/backbone_sweep.py` with MMAction2 {version} and mmcv-lite. A test compares the table
with a new run.

The table shows which backbones of MMAction2 you can pretrain, finetune and use for retrieval. Each was built small,
with random weights. Each took a step of pretraining with both tasks (`context_head`, `motion_head`), a step of
finetuning (`cls_head`), and a retrieval. The last column counts trainable parameters that had no gradient in one of the
steps. Under `CompressedRunner`, `GradientCheckHook` names such parameters in the first step of every run; other runners
need the hook in `custom_hooks`.

A backbone may return a map, a tuple of its stages' maps, SlowFast's two pathways, MViT's maps with class tokens, or
vectors. SlowFast's two maps become one: the fast map is averaged over the frames of each slow frame and joined to the
slow map on the channel axis. 2D backbones get the frames of a clip as a batch of pictures; `num_segments` must be the
number of frames. A vector has no positions, so it cannot predict future motion: such a backbone can be used for
retrieval, classification, and pretraining with `context_head` alone.

If the output of your own network is ambiguous by its shape, set `model.backbone_layout=dict(...)` with `input='frames'`
(the network takes pictures, not clips), `several='stages'` or `'pathways'` (the meaning of a tuple of maps), or
`grid=(T, H, W)` (the positions of tokens (N, L, C); one class token may come before them).

| backbone | returns for {videos} clips | read as | pretrain | finetune | retrieve | no gradient |
|---|---|---|---|---|---|---|
"""


def table(rows: list[Row]) -> list[str]:
    """Lines of the table; an error is a number, and its text stands below."""
    lines, said = [], list(dict.fromkeys(error for row in rows for error in _errors(row)))
    for row in rows:
        cells = [
            text if text == 'ok' else f'refused [{said.index(text) + 1}]'
            for text in (row.pretrain, row.finetune, row.retrieve)
        ]
        if row.pretrain != 'ok' and row.context_alone == 'ok':
            cells[0] = f'`context_head` alone [{said.index(row.pretrain) + 1}]'
        cells.append(str(len(row.without_gradient)) if row.retrieve == 'ok' else '–')
        lines.append(f'| {row.name} | {row.returned} | {row.read_as} | {" | ".join(cells)} |')
    return lines + [''] + [f'{number}. {error}' for number, error in enumerate(said, start=1)]


def _errors(row: Row) -> list[str]:
    return [text for text in (row.pretrain, row.finetune, row.retrieve) if text != 'ok']


def main() -> None:
    import mmaction

    logging.disable(logging.WARNING)
    warnings.filterwarnings('ignore')
    rows = [examine(name) for name in BACKBONES]
    page = INTRODUCTION.format(version=mmaction.__version__, videos=VIDEOS) + '\n'.join(table(rows)) + '\n'
    (Path(__file__).parents[2] / 'docs' / 'backbones.md').write_text(page)


if __name__ == '__main__':
    main()
