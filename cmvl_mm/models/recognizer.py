"""The whole model: one V-Network and up to four task heads."""

from typing import Any, Literal

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor, nn
from torch.nn.utils import convert_conv3d_weight_memory_format

from cmvl_mm.models.backbone_layout import layout_of
from cmvl_mm.models.batch_inputs import single_clip, take, with_clips
from cmvl_mm.models.feature_maps import CLIPS, Features, extract
from cmvl_mm.models.head_parts import build
from cmvl_mm.models.labels import labels_of
from cmvl_mm.models.neck import fused_map
from cmvl_mm.models.pair_embeddings import Embeddings, embedded
from cmvl_mm.models.parts_first import PartsFirst
from cmvl_mm.models.staged import StagedBackbone
from cmvl_mm.models.stock_heads import average_clips, reads_of, scores_of, stock_loss
from cmvl_mm.models.tested_features import pooled, read_test_cfg


@MODELS.register_module()
class ContextMotionRecognizer(PartsFirst):
    """Video recognizer whose tasks are its heads; a head that is None has no parameters.

    | use | heads |
    |---|---|
    | pretraining | context and motion; residual is our optional addition |
    | finetuning | cls; Table 6 adds motion |
    | retrieval | none |

    Args:
        backbone: V-Network, ours or MMAction2's; `feature_maps` lists what it may return, docs/backbones.md the
            backbones that were tried.
        neck: fuses the maps of the last stages into one that both pretext tasks see; None takes the last map. Our
            backbones return the maps of as many stages as the neck's `stages` says.
        context_head, motion_head, cls_head: the tasks. `cls_head` always reads the last stage only; it may be one of
            MMAction2's heads, see `stock_heads`. Any other head gets the labels on the host.
        residual_head: a third pretext task, ours, see `residual_head.ResidualInfoNCEHead`.
        data_preprocessor: batch of samples -> normalised tensors; MMEngine's default only moves them.
        test_cfg: `dict(clips_per_forward=10)` limits the clips in one forward pass in tests; None passes
            all clips of a batch at once. `dict(network='i_network')` takes the features of that head's target network
            instead of the V-Network's (Table 5), pooled before the projection. `dict(pool='max_2x2')` takes the last
            map as the feature, max-pooled by (1, 2, 2) and flattened, in place of its global 'average' (VCOP's
            retrieval; C3D: 512x2x7x7 -> 9216); a classifier cannot use it.
        memory_format: memory format of the convolutions' weights and so of the activations; results are the same up
            to rounding. 'channels_last' made the demo's step a tenth faster on a CPU.
        init_cfg: e.g. `dict(type='PretrainedBackbone', checkpoint=...)`; applied after the `init_cfg` of the parts.
        backbone_layout: input and output layout of the backbone, if it is not known: `dict(input='frames')`,
            `dict(several='pathways')`, `dict(grid=(8, 7, 7))`, see `Layout`.

    The inputs, after the preprocessor, are the tensor `imgs` or a dict:

    | key | shape | needed by |
    |---|---|---|
    | imgs | (B, 3, T, H, W), or (B, clips, 3, T, H, W) as MMAction2 packs it | all |
    | iframe | (B, 3, H, W) | context_head |
    | motion | (B, K, 2, T, H, W); window 0 is the positive | motion_head |
    | residual | (B, K, 2, T, H, W) of the same windows | residual_head |
    | motion_valid | (B,) bool, False where the video ends before window 0 does | both, if this can happen |
    """

    def __init__(
        self,
        backbone: dict[str, Any] | nn.Module,
        context_head: dict[str, Any] | nn.Module | None = None,
        motion_head: dict[str, Any] | nn.Module | None = None,
        cls_head: dict[str, Any] | nn.Module | None = None,
        neck: dict[str, Any] | nn.Module | None = None,
        data_preprocessor: dict[str, Any] | nn.Module | None = None,
        test_cfg: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
        memory_format: Literal['contiguous', 'channels_last'] = 'contiguous',
        backbone_layout: dict[str, Any] | None = None,
        residual_head: dict[str, Any] | nn.Module | None = None,
    ) -> None:
        if isinstance(data_preprocessor, dict):  # MMEngine would search its own registry only
            data_preprocessor = build(data_preprocessor)
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = build(backbone)
        self.layout = layout_of(self.backbone, **(backbone_layout or {}))
        self.neck = None if neck is None else build(neck)
        stages = getattr(self.neck, 'stages', None)
        if stages is not None and isinstance(self.backbone, StagedBackbone):
            self.backbone.give_stages(stages)
        self.context_head = None if context_head is None else build(context_head)
        self.motion_head = None if motion_head is None else build(motion_head)
        self.residual_head = None if residual_head is None else build(residual_head)
        self.cls_head = None if cls_head is None else build(cls_head)
        self.head_reads = None if self.cls_head is None else reads_of(self.cls_head)  # None for a head of ours, too
        self.clips_per_forward, self.test_network, self.test_pool = read_test_cfg(**(test_cfg or {}))
        if self.cls_head is not None and self.test_pool != 'average':
            raise ValueError(
                f'cls_head classifies the average, but test_cfg has pool={self.test_pool!r}. Remedy: omit pool.'
            )
        if memory_format not in ('contiguous', 'channels_last'):
            raise ValueError(f'memory_format={memory_format!r} is unknown. Supported: contiguous, channels_last')
        if memory_format == 'channels_last':
            convert_conv3d_weight_memory_format(self, torch.channels_last_3d)

    def forward(
        self,
        inputs: dict[str, Tensor] | Tensor,
        data_samples: list[ActionDataSample] | None = None,
        mode: Literal['tensor', 'loss', 'predict'] = 'tensor',
    ) -> Any:
        """Entry point for MMEngine: losses, predictions (data samples), or with 'tensor' the features (B, C)."""
        inputs = {'imgs': inputs} if isinstance(inputs, Tensor) else inputs
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self.extract_feat(inputs['imgs'])
        raise ValueError(f'mode={mode!r} is unknown. Supported: tensor, loss, predict')

    def loss(self, inputs: dict[str, Tensor], data_samples: list[ActionDataSample] | None = None) -> dict[str, Tensor]:
        """The losses and accuracies of all heads; MMEngine adds up the keys that contain 'loss'."""
        features = self._features(single_clip(inputs['imgs']))
        losses: dict[str, Tensor] = {}
        if any(head is not None for head in (self.context_head, self.motion_head, self.residual_head)):
            video_map = self._video_map(features)
        if self.context_head is not None:
            losses |= self.context_head.loss(video_map, take(inputs, 'iframe', 'context_head'))
        if self.motion_head is not None:
            motion = take(inputs, 'motion', 'motion_head')
            losses |= self.motion_head.loss(video_map, motion, inputs.get('motion_valid'))
        if self.residual_head is not None:
            residual = take(inputs, 'residual', 'residual_head')
            losses |= self.residual_head.loss(video_map, residual, inputs.get('motion_valid'))
        if self.cls_head is not None:
            labels = labels_of(data_samples)
            if self.head_reads is not None:
                losses |= stock_loss(self.cls_head, self.head_reads, features, data_samples or [], labels)
            else:
                # labels on the host, where reading them needs no synchronisation
                losses |= self.cls_head.loss(features.pooled(), labels)
        if not losses:
            raise ValueError(
                'nothing to train: context_head, motion_head, residual_head and cls_head are all None. '
                'Remedy: set one of them.'
            )
        return losses

    @torch.no_grad()
    def predict(
        self, inputs: dict[str, Tensor], data_samples: list[ActionDataSample] | None = None
    ) -> list[ActionDataSample]:
        """Add `feature` (C,), the mean of its clips, to every sample; with a cls_head also `pred_score`, `pred_label`.

        (The name is not `features`: MMAction2's data sample reserves that for `InstanceData`.)
        """
        clips = with_clips(inputs['motion' if self.test_network == 'm_network' else 'imgs'])  # (B, clips, C, T, H, W)
        pooled_parts, score_parts = [], []
        for part in self._parts(clips):
            maps = self._test_features(part)
            pooled_parts.append(pooled(maps, self.test_pool))
            if self.head_reads is not None:
                score_parts.append(scores_of(self.cls_head, self.head_reads, maps))
        per_clip = torch.cat(pooled_parts)  # (B * clips, C)
        features = per_clip.unflatten(0, clips.shape[:2]).mean(1)  # (B, C)
        samples = [ActionDataSample() for _ in clips] if data_samples is None else list(data_samples)
        for sample, feature in zip(samples, features, strict=True):
            sample.set_field(feature, 'feature', dtype=Tensor)
        if self.cls_head is not None:
            if self.head_reads is not None:
                scores = average_clips(self.cls_head, torch.cat(score_parts), clips.shape[1])
            else:
                scores = self.cls_head.predict(per_clip, clips.shape[1])  # (B, classes)
            for sample, score in zip(samples, scores, strict=True):
                sample.set_pred_score(score).set_pred_label(score.argmax(0, keepdim=True))
        return samples

    def extract_feat(self, imgs: Tensor) -> Tensor:
        """(B, 3, T, H, W) -> (B, C): global average of the V-Network's last stage, averaged over clips.

        Retrieval, kNN and finetuning use this feature; it is not the average of the pretext tasks' fused map.
        """
        imgs = with_clips(imgs)
        per_clip = torch.cat([self._features(part).pooled() for part in self._parts(imgs)])
        return per_clip.unflatten(0, imgs.shape[:2]).mean(1)

    def embed(self, imgs: Tensor, motion: Tensor | None, iframe: Tensor | None) -> Embeddings:
        """The L2-normalised embeddings that the pretext losses compare. `motion`, `iframe`: None without their head.

        Args:
            imgs: (B, 3, T, H, W).
            motion: (B, K, 2, T, H, W).
            iframe: (B, 3, H, W).
        """
        inputs = {key: value for key, value in (('motion', motion), ('iframe', iframe)) if value is not None}
        video_map = self._video_map(self._features(single_clip(imgs)))
        return embedded(video_map, inputs, self.motion_head, self.context_head)

    def _features(self, clips: Tensor) -> Features:
        """The V-Network's features of clips (N, 3, T, H, W)."""
        return extract(self.backbone, clips, self.layout, 'model.backbone')

    def _video_map(self, features: Features) -> Tensor:
        """The map of the pretext tasks. With context_head only, which averages it, vectors serve as a 1x1x1 map."""
        if self.neck is not None:
            return fused_map(self.neck, features)
        if self.motion_head is None and self.residual_head is None:
            return features.pooled_or_map()
        name = 'model.residual_head' if self.motion_head is None else 'model.motion_head'
        return features.last_map(name, instead='context_head or cls_head alone, which take vectors')

    def _test_features(self, clips: Tensor) -> Features:
        """Features of the network that `test_cfg` names."""
        if self.test_network == 'backbone':
            return self._features(clips)
        name = 'context_head' if self.test_network == 'i_network' else 'motion_head'
        head = getattr(self, name)
        if head is None:
            raise ValueError(
                f"test_cfg's network={self.test_network!r} needs a head that this model lacks. Remedy: omit network."
            )
        return extract(head.get_submodule(self.test_network), clips, CLIPS, f'model.{name}.{self.test_network}')

    def _parts(self, clips: Tensor) -> tuple[Tensor, ...]:
        """(B, clips, C_in, T, H, W) -> (N, C_in, T, H, W) with N at most `clips_per_forward`."""
        flat = clips.flatten(0, 1)
        return (flat,) if self.clips_per_forward is None else flat.split(self.clips_per_forward)
