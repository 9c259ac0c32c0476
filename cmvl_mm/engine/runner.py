"""MMEngine's Runner with the few changes that our runs need."""

from copy import deepcopy
from pathlib import Path
from typing import Any, Self

import torch.distributed as dist
from mmaction.registry import RUNNERS
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import all_gather_object, broadcast_object_list, is_main_process
from mmengine.model import MMDistributedDataParallel, is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.runner import BaseLoop, LogProcessor, Runner
from torch import nn

from cmvl_mm.checkpoints.newest import mismatch, newest_valid
from cmvl_mm.checkpoints.pretrained import (
    CheckpointError,
    load_weights,
    read_checkpoint,
    resolve_checkpoint,
    state_dict_of,
)
from cmvl_mm.compat import torchrun_restarts
from cmvl_mm.evaluation.metrics import FeatureDump
from cmvl_mm.evaluation.prediction_dump import PredictionDump
from cmvl_mm.models.norm import convert_sync_batchnorm

from .accumulation import batches_a_step, wrappers_in
from .fast_step import compile_parts
from .gradients import GradientCheckHook
from .preflight import check_test, check_training
from .prepare import prepare
from .rank_order import mean_in_rank_order
from .same_run import NEW_RUN, require_same_run
from .same_weights import require_same_on_all_nodes
from .screen import ON_SCREEN

MEAN_PATTERN = '.*(loss|time|grad_norm|acc_).*'
"""Scalars that are averaged over the window of the log."""


def bare(model: nn.Module) -> nn.Module:
    """The model without its wrapper for distributed training."""
    return model.get_submodule('module') if is_model_wrapper(model) else model


@RUNNERS.register_module()
class CompressedRunner(Runner):
    """A Runner that works on any machine, loads weights strictly, and never runs code from a checkpoint.

    * When it is built from a config, it first checks values and machine, and applies `fast_step`.
    * Distributed runs work without CUDA: batch norm is synchronised by a gloo all-reduce and DDP gets no device ids.
    * A missing or mis-shaped key in a checkpoint is an error; MMEngine only logs it.
    * A run resumes only with its earlier global batch, accumulation, list and schedule, from the newest undamaged
      checkpoint.
    * `auto_scale_lr` also counts accumulated batches.
    * A logged accuracy is the mean over the steps since the last line, as losses are; MMEngine logs that of one batch.
    * Processes that torchrun restarts resume from the checkpoints of their job.
    * `meta.config` of a checkpoint is dropped unread.
    * The first step reports parameters that would never learn; see `GradientCheckHook`.
    """

    has_trained = False
    """Whether this process has finished a training iteration; the loop sets it."""

    _resume: bool
    _load_from: str | None

    @classmethod
    def from_cfg(cls, cfg: Config | dict[str, Any]) -> Self:
        """Build a runner from a copy of a config that is checked and fitted to the machine first: see `prepare`.

        MMAction2's tools call this through `RUNNERS.build(config)`, because of the config's `runner_type`.
        """
        config = deepcopy(cfg) if isinstance(cfg, Config) else Config(deepcopy(cfg))
        lines, warnings = prepare(config)
        runner = super().from_cfg(config)
        for line in lines:
            runner.logger.info(line)
        for line in warnings:
            runner.logger.warning(line)
        return runner

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Synchronise batch norm if `sync_bn` says so, then wrap the model for distributed training."""
        device = get_device()
        if not self.distributed or device != 'cpu':
            return super().wrap_model(model_wrapper_cfg, model)
        if model_wrapper_cfg is not None:
            raise ValueError(f'model_wrapper_cfg={model_wrapper_cfg} needs GPUs. Remedy: set model_wrapper_cfg=None.')
        if self.cfg.get('sync_bn') is not None:
            model = convert_sync_batchnorm(model, device_type='cpu')
        wrapped = MMDistributedDataParallel(
            module=model,
            broadcast_buffers=False,
            find_unused_parameters=self.cfg.get('find_unused_parameters', False),
        )
        wrapped.register_comm_hook(None, mean_in_rank_order)
        return wrapped

    def scale_lr(self, optim_wrapper: OptimWrapper, auto_scale_lr: dict | None = None) -> None:
        """Scale by the effective batch: videos per process x processes x accumulated batches; MMEngine omits
        accumulation."""
        super().scale_lr(optim_wrapper, auto_scale_lr)
        if auto_scale_lr is None or not auto_scale_lr.get('enable', False):
            return
        for wrapper in wrappers_in(optim_wrapper):
            counts, groups = batches_a_step(wrapper), wrapper.optimizer.param_groups
            for group in groups:
                group['lr'] *= counts
            effective = self.train_dataloader.batch_size * self.world_size * counts
            self.logger.info(
                f'auto_scale_lr: a step takes {effective} videos ({self.train_dataloader.batch_size} a process x '
                f'{self.world_size} processes x {counts} accumulated), so the learning rate is {groups[0]["lr"]:g}.'
            )

    def build_log_processor(self, log_processor: LogProcessor | dict) -> LogProcessor:
        """Build MMEngine's processor; unless the config has a `mean_pattern`, accuracies are averaged, too."""
        if isinstance(log_processor, dict) and log_processor.get('type', 'LogProcessor') == 'LogProcessor':
            log_processor = {'mean_pattern': MEAN_PATTERN, **log_processor}
        return super().build_log_processor(log_processor)

    def build_train_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Build MMEngine's loop and check lists, labels, batch and schedule at once."""
        built = super().build_train_loop(loop)
        check_training(self, built, bare(self.model))
        return built

    def build_val_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Build MMEngine's loop and check the lists at once."""
        built = super().build_val_loop(loop)
        check_test(built.dataloader, built.evaluator.metrics, bare(self.model), 'train')
        return built

    def build_test_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Build MMEngine's loop and check the lists at once."""
        built = super().build_test_loop(loop)
        check_test(built.dataloader, built.evaluator.metrics, bare(self.model), 'test')
        return built

    def train(self) -> nn.Module:
        """Compile the parts that `fast_step` names, then run MMEngine's training."""
        compile_parts(bare(self.model), (self.cfg.get('fast_step') or {}).get('compile', ()))
        return super().train()

    def test(self) -> dict:
        """Run MMEngine's test.

        Raises:
            FeaturesError, PredictionsError: features or predictions could not be written; the log and the file of
                figures are complete by then.
        """
        if self._resume and not self._has_loaded:  # set by a resumed run's config; a test does not resume
            newest = self._newest_on_disk() if self._load_from is None else None
            self._resume, self._load_from = False, self._load_from if newest is None else str(newest)
        figures = super().test()
        for metric in self.test_loop.evaluator.metrics:
            if isinstance(metric, (FeatureDump, PredictionDump)) and metric.failure is not None:
                raise metric.failure
        return figures

    def register_hooks(
        self, default_hooks: dict[str, Any] | None = None, custom_hooks: list[Any] | None = None
    ) -> None:
        """Register MMEngine's hooks, and a `GradientCheckHook` if the config has none."""
        super().register_hooks(default_hooks, custom_hooks)
        if not any(isinstance(hook, GradientCheckHook) for hook in self.hooks):
            self.register_hook(GradientCheckHook())

    def load_checkpoint(self, filename: str, map_location: Any = 'cpu') -> dict:
        """Load all weights of a checkpoint into the model; the log names unused keys.

        Args:
            filename: a file, a work directory, a name of the zoo or an address, see `resolve_checkpoint`.
            map_location: argument of MMEngine, unused: files are read on the CPU and copied to the model's device.

        Raises:
            FileNotFoundError, CheckpointError: the file is missing, does not match the model, or differs between the
                machines of the run. Names of the zoo and addresses raise their own errors.
        """
        path = resolve_checkpoint(filename)
        if damage := mismatch(path):
            raise CheckpointError(
                f'{path}: {damage}. Remedy: use another checkpoint; tools/train.py --resume finds the newest.'
            )
        require_same_on_all_nodes(path)
        checkpoint = read_checkpoint(path)
        if 'state_dict' not in checkpoint:  # the file is a bare state dict
            checkpoint = dict(state_dict=state_dict_of(checkpoint, source=path))
        checkpoint.setdefault('meta', {}).pop('config', None)
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        self.logger.info(load_weights(bare(self.model), state_dict_of(checkpoint, source=path), source=path))
        self._has_loaded = True
        self.logger.info(f'Load checkpoint from {path}', extra=ON_SCREEN)
        return checkpoint

    def load_or_resume(self) -> None:
        """Load or resume as MMEngine does, but from the newest undamaged checkpoint; so does a restarted job.

        torchrun restarts all processes of a job with the same command when one of them dies. They resume from the
        newest checkpoint of this job, if there is one, and otherwise do what the command says. They ignore checkpoints
        of earlier runs in the work directory: a file records when the job began.

        Raises:
            CheckpointError: there are checkpoints to resume from, but all are damaged.
        """
        if self._has_loaded:
            return
        began = Path(self.work_dir) / 'job_began'
        restarted = any(all_gather_object(torchrun_restarts()))  # a node that returned has counted no restarts
        if is_main_process() and dist.is_torchelastic_launched() and not (restarted and began.exists()):
            began.touch()
        path = self._newest_on_disk(since=began) if restarted else None
        if path is None and self._resume and self._load_from is None:
            path = self._newest_on_disk()
            if path is None:
                self.logger.info(f'{self.work_dir}: no checkpoint to resume from; this run starts at the beginning.')
                self._resume = False
        if path is not None:
            self._resume, self._load_from = True, str(path)
        super().load_or_resume()

    def _newest_on_disk(self, since: Path | None = None) -> Path | None:
        """The newest checkpoint that the main process finds; it tells the others, so that all resume from one file."""
        found: list[Any] = [None, []]
        if is_main_process():
            found = list(newest_valid(Path(self.work_dir), since.stat().st_mtime_ns if since is not None else 0))
        broadcast_object_list(found)
        path, skipped = found
        for line in skipped:
            self.logger.warning(f'not resumed from {line}')
        if path is None and skipped and since is None:
            raise CheckpointError(
                f'{self.work_dir}: no checkpoint here can be resumed from. {" ".join(skipped)} '
                'Remedy: choose another work directory, or delete these files to start at the beginning.'
            )
        return path

    def resume(
        self,
        filename: str,
        resume_optimizer: bool = True,
        resume_param_scheduler: bool = True,
        map_location: Any = 'default',
    ) -> None:
        """Resume a run: weights, optimiser, schedule, seed and position in the epoch.

        Raises:
            CheckpointError: the file holds only weights, as the zoo's files do.
            ResumeError: the run had another global batch, another list (even of equal length) or another schedule, so
                its position in the epoch or its learning rate would not match.
        """
        meta = read_checkpoint(filename).get('meta', {})
        if not {'epoch', 'iter'} <= meta.keys():
            raise CheckpointError(f'{filename}: the file has weights only, no run to resume. Remedy: {NEW_RUN}.')
        require_same_run(self, filename, meta)
        super().resume(filename, resume_optimizer, resume_param_scheduler, map_location)
        self.logger.info(f'The run resumes after iteration {self.iter}, in epoch {self.epoch + 1}.', extra=ON_SCREEN)

    def init_weights_for_test(self) -> None:
        """Set the weights of a retrieval without a checkpoint: from `model.init_cfg`, else random; logged."""
        model = bare(self.model)
        names = ('context_head', 'motion_head', 'residual_head', 'cls_head')
        heads = [name for name in names if getattr(model, name) is not None]
        if heads:
            raise ValueError(f'{", ".join(heads)} would be random. Remedy: pass a checkpoint to tools/test.py.')
        if model.init_cfg is None:
            self.logger.warning('No checkpoint and no model.init_cfg: this tests random weights.')
        self._init_model_weights()
