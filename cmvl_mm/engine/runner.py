"""MMEngine's Runner with the few things that our runs need differently."""

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
from mmengine.runner import BaseLoop, Runner
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


def bare(model: nn.Module) -> nn.Module:
    """The model without its wrapper for distributed training."""
    return model.get_submodule('module') if is_model_wrapper(model) else model


@RUNNERS.register_module()
class CompressedRunner(Runner):
    """Runs on any machine, loads weights strictly, and never runs code from a checkpoint.

    * Built from a config, it checks values and machine first, and does what `fast_step` says.
    * Distributed runs work without CUDA: batch norm is synchronised by a gloo all-reduce and DDP gets no device ids.
    * A missing or mis-shaped key in a checkpoint is an error; MMEngine only logs it.
    * A run resumes only with the global batch, the accumulation, the list and the schedule that it had, from the newest
      checkpoint that is whole.
    * `auto_scale_lr` counts accumulated batches, too.
    * Processes that torchrun restarts resume from what their job has saved.
    * `meta.config` of a checkpoint is dropped unread.
    * Parameters that would never learn are named in the first step; see `GradientCheckHook`.
    """

    has_trained = False
    """Whether this process has finished a training iteration; the loop says so."""

    _resume: bool
    _load_from: str | None

    @classmethod
    def from_cfg(cls, cfg: Config | dict[str, Any]) -> Self:
        """A runner of a config, of which a copy is checked and fitted to the machine first: see `prepare`.

        The config's `runner_type` leads here: MMAction2's tools call it through `RUNNERS.build(config)`.
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
        """Synchronise batch norm where `sync_bn` says so, then wrap for distributed training."""
        device = get_device()
        if not self.distributed or device != 'cpu':
            return super().wrap_model(model_wrapper_cfg, model)
        if model_wrapper_cfg is not None:
            raise ValueError(f'model_wrapper_cfg={model_wrapper_cfg} needs GPUs. Remedy: model_wrapper_cfg=None.')
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
        """Scale by the effective batch: videos of a process x processes x accumulated batches; MMEngine omits these."""
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

    def build_train_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """As MMEngine; lists, labels, batch and schedule are checked at once."""
        built = super().build_train_loop(loop)
        check_training(self, built, bare(self.model))
        return built

    def build_val_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """As MMEngine; the lists are checked at once."""
        built = super().build_val_loop(loop)
        check_test(built.dataloader, built.evaluator.metrics, bare(self.model), 'train')
        return built

    def build_test_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """As MMEngine; the lists are checked at once."""
        built = super().build_test_loop(loop)
        check_test(built.dataloader, built.evaluator.metrics, bare(self.model), 'test')
        return built

    def train(self) -> nn.Module:
        """Compile what `fast_step` names, then MMEngine's training."""
        compile_parts(bare(self.model), (self.cfg.get('fast_step') or {}).get('compile', ()))
        return super().train()

    def test(self) -> dict:
        """MMEngine's test.

        Raises:
            FeaturesError, PredictionsError: they could not be written; the figures are in the log and in their file by
                then.
        """
        if self._resume and not self._has_loaded:  # as a resumed run's config says; a test resumes nothing
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
        """As MMEngine, and a `GradientCheckHook` where the config names none."""
        super().register_hooks(default_hooks, custom_hooks)
        if not any(isinstance(hook, GradientCheckHook) for hook in self.hooks):
            self.register_hook(GradientCheckHook())

    def load_checkpoint(self, filename: str, map_location: Any = 'cpu') -> dict:
        """Load all weights of a checkpoint into the model; surplus keys are named in the log.

        Args:
            filename: as `resolve_checkpoint` takes it: a file, a work directory, a name of the zoo or an address.
            map_location: MMEngine hands it over; files are read on the CPU and copied to wherever the model is.

        Raises:
            FileNotFoundError, CheckpointError: the file is missing, does not match the model, or is another one on
                another machine of the run. Names of the zoo and addresses have errors of their own.
        """
        path = resolve_checkpoint(filename)
        if damage := mismatch(path):
            raise CheckpointError(
                f'{path}: {damage}. Remedy: another checkpoint; tools/train.py --resume finds the newest.'
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
        """As MMEngine, but from the newest undamaged checkpoint; a restarted job resumes from it, too.

        torchrun starts all processes of a job again, with the same command, when one of them dies. They resume from
        the newest checkpoint that this job has written, if there is one, and else do what the command says. What other
        runs have left in the work directory is not theirs: a file records when the job began.

        Raises:
            CheckpointError: there are checkpoints to resume from, but none is whole.
        """
        if self._has_loaded:
            return
        began = Path(self.work_dir) / 'job_began'
        restarted = any(all_gather_object(torchrun_restarts()))  # a node that came back has counted none
        if is_main_process() and dist.is_torchelastic_launched() and not (restarted and began.exists()):
            began.touch()
        path = self._newest_on_disk(since=began) if restarted else None
        if path is None and self._resume and self._load_from is None:
            path = self._newest_on_disk()
            if path is None:
                self.logger.info(f'{self.work_dir}: nothing to resume from; this run starts at the beginning.')
                self._resume = False
        if path is not None:
            self._resume, self._load_from = True, str(path)
        super().load_or_resume()

    def _newest_on_disk(self, since: Path | None = None) -> Path | None:
        """What the main process finds; it tells the others, so that all resume from one file."""
        found: list[Any] = [None, []]
        if is_main_process():
            found = list(newest_valid(Path(self.work_dir), since.stat().st_mtime_ns if since is not None else 0))
        broadcast_object_list(found)
        path, skipped = found
        for line in skipped:
            self.logger.warning(f'not resumed from {line}')
        if path is None and skipped and since is None:
            raise CheckpointError(
                f'{self.work_dir}: no checkpoint can be resumed from. {" ".join(skipped)} '
                'Remedy: another work directory, or remove them to start at the beginning.'
            )
        return path

    def resume(
        self,
        filename: str,
        resume_optimizer: bool = True,
        resume_param_scheduler: bool = True,
        map_location: Any = 'default',
    ) -> None:
        """Continue a run: its weights, optimiser, schedule, seed and place in the epoch.

        Raises:
            CheckpointError: the file holds weights alone, as the zoo's do.
            ResumeError: the run had another global batch, another list, be it of equal length, or another schedule. Its
                place in the epoch and its learning rate would mean something else.
        """
        meta = read_checkpoint(filename).get('meta', {})
        if not {'epoch', 'iter'} <= meta.keys():
            raise CheckpointError(f'{filename}: weights alone, and no run to resume. Remedy: {NEW_RUN}.')
        require_same_run(self, filename, meta)
        super().resume(filename, resume_optimizer, resume_param_scheduler, map_location)
        self.logger.info(f'The run resumes after iteration {self.iter}, in epoch {self.epoch + 1}.', extra=ON_SCREEN)

    def init_weights_for_test(self) -> None:
        """Weights of a retrieval without a checkpoint: what `model.init_cfg` names, else random; the log says so."""
        model = bare(self.model)
        names = ('context_head', 'motion_head', 'residual_head', 'cls_head')
        heads = [name for name in names if getattr(model, name) is not None]
        if heads:
            raise ValueError(f'{", ".join(heads)} would be random. Remedy: give tools/test.py a checkpoint.')
        if model.init_cfg is None:
            self.logger.warning('No checkpoint and no model.init_cfg: this is a test of random weights.')
        self._init_model_weights()
