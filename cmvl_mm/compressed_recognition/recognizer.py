"""MMAction2's TSN on a stream of compressed video."""

from typing import Any

import torch
from mmaction.models.recognizers import Recognizer2D
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

Samples = list[ActionDataSample]


@MODELS.register_module()
class StreamRecognizer(Recognizer2D):
    """MMAction2's `Recognizer2D` with a batch norm on its input, as in CoViAR for vectors and residuals.

    A test also adds `feature` (C,), the mean of its segments' last maps, to every sample, so that `--dump-features`,
    retrieval, linear probe and nearest neighbours work as with any other recognizer.

    Args:
        backbone: an MMAction2 backbone with as many `in_channels` as the stream has channels.
        cls_head: an MMAction2 head that averages segments, such as `TSNHead`.
        data_preprocessor: for example `ActionDataPreprocessor`; mean and std scale the 8 bits of `ReadStreams`.
        input_norm: number of channels with a batch norm; None uses no batch norm, as CoViAR does for I-frames.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        cls_head: dict[str, Any],
        data_preprocessor: dict[str, Any],
        input_norm: int | None = None,
    ) -> None:
        # MMEngine would search its own registry only
        super().__init__(backbone, cls_head=cls_head, data_preprocessor=MODELS.build(data_preprocessor))
        self.input_norm = nn.Identity() if input_norm is None else nn.BatchNorm2d(input_norm)

    def extract_feat(self, inputs: Tensor, stage: str = 'neck', **more: Any) -> tuple[Tensor, dict[str, Any]]:
        """(B, S, C, H, W) -> maps (B * S, C', H', W') and the head's arguments, as in MMAction2."""
        seen = self.input_norm(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
        return super().extract_feat(seen, stage=stage, **more)

    def predict(self, inputs: Tensor, data_samples: Samples) -> Samples:
        """Predict as in MMAction2, with `feature` in addition to `pred_score` and `pred_label`."""
        maps, settings = self.extract_feat(inputs, test_mode=True)
        features = maps.mean((2, 3)).unflatten(0, inputs.shape[:2]).mean(1)
        found = self.cls_head.predict(maps, data_samples, **settings)
        for sample, feature in zip(found, features, strict=True):
            sample.set_field(feature, 'feature', dtype=torch.Tensor)
        return found
