"""EMV-CNN (Zhang et al., CVPR 2016): a network on motion vectors, trained by a teacher network on optical flow.

There are two transfers: the student starts from the teacher's weights, and learns its softened scores in addition to
the labels.  The paper's text was not checked: temperature and weight are unverified.
"""

import copy
from typing import Any, Literal

import torch
from mmaction.registry import MODELS
from mmengine.logging import print_log
from torch import Tensor, nn

from cmvl_mm.checkpoints.pretrained import load_weights, read_state_dict
from cmvl_mm.checkpoints.resolve import resolve_checkpoint
from cmvl_mm.compressed_recognition.recognizer import Samples, StreamRecognizer


def transfer_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Cross entropy of the student's softened classes under the teacher's, mean over videos.

    -sum_k p_k log q_k with p = softmax(teacher / T), q = softmax(student / T).

    Args:
        student, teacher: (B, classes) scores before the softmax; no gradient reaches the teacher.
        temperature: T, above 0; 1 does not soften the scores.
    """
    wanted = (teacher.detach() / temperature).softmax(1)
    return -(wanted * (student / temperature).log_softmax(1)).sum(1).mean()


@MODELS.register_module()
class EMVRecognizer(StreamRecognizer):
    """The student, with a frozen teacher on flow that has the same layers.

    A training batch has the student's channels first, then as many of the teacher's; a test needs only the student's.
    The loss is `loss_cls` + weight * `transfer_loss`.

    Args:
        backbone, cls_head, data_preprocessor, input_norm: as in `StreamRecognizer`, for student and teacher.
        teacher: checkpoint or work directory of a `StreamRecognizer` with the same backbone and head; read when a
            training starts. None: random weights, as a test of a trained student needs no teacher.
        start: 'teacher' begins with the teacher's weights, 'random' with the backbone's own initialisation.
        temperature: temperature of `transfer_loss`.
        weight: weight of `transfer_loss`; 0 learns only the labels.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        cls_head: dict[str, Any],
        data_preprocessor: dict[str, Any],
        teacher: str | None,
        input_norm: int | None = None,
        start: Literal['teacher', 'random'] = 'teacher',
        temperature: float = 2.0,
        weight: float = 4.0,
    ) -> None:
        if start not in ('teacher', 'random'):
            raise ValueError(f"start={start!r} is not one of 'teacher', 'random'")
        if temperature <= 0 or weight < 0:
            raise ValueError(f'temperature={temperature} must be above 0, and weight={weight} at least 0')
        super().__init__(backbone, cls_head, data_preprocessor, input_norm)
        self.channels = backbone['in_channels']
        self.teacher_checkpoint, self.start = teacher, start
        self.temperature, self.weight = temperature, weight
        parts = dict(input_norm=self.input_norm, backbone=self.backbone, cls_head=self.cls_head)
        self.teacher = nn.ModuleDict({name: copy.deepcopy(part) for name, part in parts.items()})
        self.teacher.requires_grad_(False).eval()

    def init_weights(self) -> None:
        """Initialise the backbone, then load the teacher's weights into the teacher and, by `start`, the student.

        Raises:
            FileNotFoundError, CheckpointError: there is no such teacher, or it has other layers or classes.
        """
        if self.is_init:
            return
        super().init_weights()
        if self.teacher_checkpoint is None:
            return
        path = resolve_checkpoint(self.teacher_checkpoint)
        weights = read_state_dict(path)
        print_log(load_weights(self.teacher, weights, source=path), logger='current')
        if self.start == 'teacher':
            for name, part in self.teacher.items():
                self.get_submodule(name).load_state_dict(part.state_dict())

    def train(self, mode: bool = True) -> 'EMVRecognizer':
        """Set the mode as in torch, but keep the teacher's running averages fixed."""
        super().train(mode)
        self.teacher.eval()
        return self

    def loss(self, inputs: Tensor, data_samples: Samples) -> dict[str, Tensor]:
        """The head's own losses and `loss_transfer`.

        Raises:
            ValueError: the batch does not have the channels of both.
        """
        if inputs.shape[2] != 2 * self.channels:
            raise ValueError(
                f'the batch has {inputs.shape[2]} channels, but student and teacher need {self.channels} each. '
                "Remedy: read both in one stage, with streams=('vectors', 'flow')."
            )
        own, shown = inputs.split(self.channels, dim=2)
        maps, settings = self.extract_feat(own)
        scores = self.cls_head(maps, **settings)
        losses = self.cls_head.loss_by_feat(scores, data_samples)
        taught = transfer_loss(scores, self._teach(shown), self.temperature)
        return losses | dict(loss_transfer=self.weight * taught)

    @torch.no_grad()
    def _teach(self, flow: Tensor) -> Tensor:
        """Flow (B, S, C, H, W) -> the teacher's scores (B, classes)."""
        maps = self.teacher['backbone'](self.teacher['input_norm'](flow.flatten(0, 1)))
        return self.teacher['cls_head'](maps, num_segs=flow.shape[1])
