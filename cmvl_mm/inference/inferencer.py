"""Features or classes of videos in one call, with the interface of MMEngine's inferencers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from mmaction.registry import INFERENCERS, MODELS, TRANSFORMS
from mmaction.structures import ActionDataSample
from mmengine.config import ConfigDict
from mmengine.dataset import Compose
from mmengine.infer import BaseInferencer
from mmengine.infer.infer import ConfigType
from torch import Tensor, nn
from tqdm import tqdm

from cmvl_mm.checkpoints.pretrained import classes_in, load_weights, read_state_dict
from cmvl_mm.checkpoints.resolve import resolve_checkpoint
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.models.devices import require_device
from cmvl_mm.models.recognizer import ContextMotionRecognizer
from cmvl_mm.publishing.described import describe

from .inputs import Input, InputError, inputs_of
from .pictures import Pictures, show_sheet, with_scores, with_vectors, write_gif
from .predictions import require_suffix, row_of, write_rows

Drawing = Literal['scores', 'vectors']


@INFERENCERS.register_module()
class ContextMotionInferencer(BaseInferencer):
    """Predicts features or classes of videos with a network and the clips of its test.

    from cmvl_mm.inference import ContextMotionInferencer

    infer = ContextMotionInferencer('evidence_both_basic')
    infer('folder', batch_size=8, pred_out_file='features.parquet')['predictions']

    Args:
        model: a name of the zoo, a published folder, a work directory or a checkpoint in one; or, with `weights`, a
            config: a file, the name of a shipped config, or plain data, see `hub.load`.
        weights: file or address of the weights if `model` is a config. No code from the file is ever run.
        device: device of the network; None takes a GPU if there is one.
        scope: scope of MMEngine's registries.
        show_progress: whether to show a bar over the videos on standard error.

    The clips of a video are those of the network's test: `test_dataloader`, or ten clips with the length, interval and
    size of its training. Features and scores of a video are the mean over its clips.

    Raises:
        ValueError: the model or its clips are not known.
        DeviceError: the device does not exist here.
        FileNotFoundError, CheckpointError, DigestError, TypeNameError, …: as for `hub.load`.
    """

    def __init__(
        self,
        model: str | Path | Mapping[str, Any],
        weights: str | Path | None = None,
        device: str | None = None,
        scope: str = 'mmaction',
        show_progress: bool = True,
    ) -> None:
        if device is not None:
            require_device(device)
        if weights is not None:
            self.known = describe(weights, config=model)
        elif isinstance(model, Mapping):
            raise ValueError('a config without weights. Remedy: pass weights=.')
        else:
            self.known = describe(model)
        if self.known.pipeline is None:
            raise ValueError(
                f'{self.known.name}: its config does not define the clips. Remedy: pass one that has test_dataloader.'
            )
        self.classes: tuple[str, ...] | None = None
        config = ConfigDict(model=self.known.model, test_pipeline=self.known.pipeline)
        path = resolve_checkpoint(self.known.weights, sha256=self.known.sha256)
        super().__init__(config, str(path), device, scope, show_progress)

    def __call__(
        self,
        inputs: Any,
        return_datasamples: bool = False,
        batch_size: int = 1,
        *,
        visualize: Drawing | None = None,
        show: bool = False,
        out_dir: str | Path | None = None,
        pred_out_file: str | Path | None = None,
    ) -> dict[str, Any]:
        """Predict features or classes of videos.

        Args:
            inputs: a file, a folder, frames (T, H, W, 3) uint8 RGB, normalised floating-point clips (3, T, H, W) or
                (N, 3, T, H, W), or a list of any of these.
            return_datasamples: return `ActionDataSample` instead of plain rows.
            batch_size: number of videos per batch, if they have equally many clips.
            visualize: 'scores' writes the predictions over frames, 'vectors' draws motion vectors over them.
            show: show the pictures in a window; needs `visualize`.
            out_dir: folder for a .gif of each video; needs `visualize`.
            pred_out_file: path of a .json or .parquet file for the rows.

        Returns:
            `predictions` in the order of the inputs: rows of `row_of`, or data samples. `visualization`: (F, H, W, 3)
            uint8 RGB for each input, or an empty list.

        Raises:
            InputError: an input has an unknown type, or cannot be drawn.
            VideoError, VideoTooShort: a video cannot be read.
            PredictionFileError: the format of the file is unknown.
        """
        if batch_size < 1:
            raise InputError(f'batch_size={batch_size} must be at least 1.')
        if visualize not in (None, 'scores', 'vectors'):
            raise InputError(f"visualize={visualize!r}: not one of 'scores', 'vectors', None.")
        if visualize is None and (show or out_dir is not None):
            raise InputError("show and out_dir need visualize. Remedy: pass visualize='scores' or 'vectors'.")
        if pred_out_file is not None:
            require_suffix(Path(pred_out_file))
        given = self._inputs_to_list(inputs)
        samples: list[ActionDataSample] = []
        with tqdm(total=len(given), unit='video', disable=not self.show_progress) as bar:
            for batch in self.preprocess(given, batch_size):
                found = self.forward(batch)
                samples += found
                bar.update(len(found))
        drawn = self.visualize(given, samples, drawing=visualize, show=show, out_dir=out_dir)
        return self.postprocess(samples, drawn, return_datasamples, given=given, pred_out_file=pred_out_file)

    def _inputs_to_list(self, inputs: Any) -> list[Input]:
        return inputs_of(inputs)

    def preprocess(self, inputs: Sequence[Input], batch_size: int = 1) -> Iterator[dict[str, Any]]:
        """Batches of up to `batch_size` videos, in order."""
        for group in _alike(map(self.pipeline, inputs), batch_size):
            yield self.collate_fn(group)

    @torch.no_grad()
    def forward(self, inputs: dict[str, Any]) -> list[ActionDataSample]:
        """Predictions and features of the network, on the CPU."""
        if 'normalised' in inputs['inputs']:
            clips = inputs['inputs']['normalised'].to(next(self.model.parameters()))
            found = self.model.predict(dict(imgs=clips), inputs['data_samples'])
        else:
            found = self.model.test_step(inputs)
        return [sample.cpu() for sample in found]

    def visualize(
        self,
        inputs: Sequence[Input],
        preds: Sequence[ActionDataSample],
        drawing: Drawing | None = None,
        show: bool = False,
        out_dir: str | Path | None = None,
    ) -> list[Pictures]:
        """(F, H, W, 3) uint8 RGB for each input; an empty list without `drawing`."""
        if drawing is None:
            return []
        drawn = []
        for place, (one, sample) in enumerate(zip(inputs, preds, strict=True)):
            made = with_vectors(one) if drawing == 'vectors' else with_scores(one, self._row(one, sample))
            drawn.append(made)
            if out_dir is not None:
                stem = Path(one.name).stem if one.kind == 'file' else one.name.replace(' ', '_')
                write_gif(made, Path(out_dir) / f'{place:05d}_{stem}.gif')
            if show:
                show_sheet(made, one.name)
        return drawn

    def postprocess(
        self,
        preds: Sequence[ActionDataSample],
        visualization: list[Pictures],
        return_datasample: bool = False,
        *,
        given: Sequence[Input],
        pred_out_file: str | Path | None = None,
    ) -> dict[str, Any]:
        """Make `dict(predictions=…, visualization=…)`, and write the file of rows."""
        rows = [self._row(one, sample) for one, sample in zip(given, preds, strict=True)]
        if pred_out_file is not None:
            write_rows(rows, Path(pred_out_file), self.classes)
        return dict(predictions=list(preds) if return_datasample else rows, visualization=visualization)

    def _row(self, one: Input, sample: ActionDataSample) -> dict[str, Any]:
        return row_of(one.name, sample, self.classes)

    def _init_model(self, cfg: ConfigType, weights: str | None, device: str = 'cpu') -> nn.Module:
        """Load with our strict reader: MMEngine's reader loads only what fits, and unpickles."""
        assert weights is not None
        model = MODELS.build(dict(self.known.model))
        if not isinstance(model, ContextMotionRecognizer):
            raise ValueError(
                f'{self.known.name}: its config builds a {type(model).__name__}, not a ContextMotionRecognizer'
            )
        load_weights(model, read_state_dict(weights), source=weights)
        if model.cls_head is not None:
            names = self.known.classes or classes_in(weights)
            count = getattr(model.cls_head, 'num_classes', None)
            self.classes = names if names is not None and len(names) == count else None
        model.cfg = cfg
        return model.to(device).eval()

    def _init_pipeline(self, cfg: ConfigType) -> Callable[[Input], dict[str, Any]]:
        stages = Compose([TRANSFORMS.build(stage) for stage in self.known.pipeline or ()])

        def sample_of(one: Input) -> dict[str, Any]:
            if isinstance(one.value, Tensor):
                return dict(inputs=dict(normalised=one.value), data_samples=ActionDataSample())
            return stages(dict(filename=one.value) if isinstance(one.value, str) else dict(array=one.value))

        return sample_of

    def _init_collate(self, cfg: ConfigType) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        return compressed_collate

    def _init_visualizer(self, cfg: ConfigType) -> None:
        """Set no visualizer: pictures are drawn without MMEngine's."""


def _alike(samples: Iterable[dict[str, Any]], most: int) -> Iterator[list[dict[str, Any]]]:
    """Groups of successive samples whose inputs have one kind and one shape, at most `most` in a group."""
    group: list[dict[str, Any]] = []
    for sample in samples:
        if group and (len(group) == most or _shapes(sample) != _shapes(group[0])):
            yield group
            group = []
        group.append(sample)
    if group:
        yield group


def _shapes(sample: dict[str, Any]) -> dict[str, Any]:
    return {name: np.shape(value) for name, value in sample['inputs'].items()}
