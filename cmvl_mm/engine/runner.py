"""MMEngine's Runner with the three things that our runs need differently."""

from typing import Any

from mmaction.registry import RUNNERS
from mmengine.device import get_device
from mmengine.model import MMDistributedDataParallel, is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from cmvl_mm.models.norm import convert_sync_batchnorm
from cmvl_mm.models.pretrained import load_weights, read_checkpoint, state_dict_of


@RUNNERS.register_module()
class CompressedRunner(Runner):
    """Runs on any machine, loads weights strictly, and never runs code from a checkpoint.

    * Distributed runs work without CUDA: batch norm is synchronised by a gloo all-reduce and DDP gets no device ids.
    * A missing or mis-shaped key in a checkpoint is an error; MMEngine only logs it.
    * `meta.config` of a checkpoint is dropped unread: MMEngine would execute it on resume.
    """

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Synchronise batch norm where `sync_bn` says so, then wrap for distributed training."""
        device = get_device()
        if not self.distributed or device != 'cpu':
            return super().wrap_model(model_wrapper_cfg, model)
        if self.cfg.get('sync_bn') is not None:
            model = convert_sync_batchnorm(model, device_type='cpu')
        return MMDistributedDataParallel(
            module=model,
            broadcast_buffers=False,
            find_unused_parameters=self.cfg.get('find_unused_parameters', False),
        )

    def load_checkpoint(
        self, filename: str, map_location: Any = 'cpu', strict: bool = True, revise_keys: list | None = None
    ) -> dict:
        """Load all weights of a checkpoint into the model; surplus keys are named in the log.

        Raises:
            FileNotFoundError, ValueError: the file is missing or does not match the model.
        """
        checkpoint = read_checkpoint(filename)
        checkpoint.setdefault('meta', {}).pop('config', None)
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        model = self.model.module if is_model_wrapper(self.model) else self.model
        load_weights(model, state_dict_of(checkpoint, source=filename), source=filename)
        self._has_loaded = True
        self.logger.info(f'Load checkpoint from {filename}')
        return checkpoint

    def init_weights_for_test(self) -> None:
        """Weights of a test without a checkpoint: what `model.init_cfg` names, else random ones; the log says so."""
        model = self.model.module if is_model_wrapper(self.model) else self.model
        if model.init_cfg is None:
            self.logger.warning('No checkpoint and no model.init_cfg: this is a test of random weights.')
        self._init_model_weights()
