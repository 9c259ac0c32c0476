"""Find parts of a network that no loss depends on, once, in the optimiser's first step."""

from collections.abc import Callable
from typing import Any, Literal

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

_NAMES = 8


class UntrainedParameters(RuntimeError):
    """Some parameters would never learn; the message names them."""

    ends_job = True  # a restarted run would meet them again


def without_gradient(model: nn.Module, optimizer: Optimizer) -> list[str]:
    """Names of the trainable parameters in the optimiser that have no gradient.

    Zeros count as a gradient: branches that start at zero have zeros in the first step.
    """
    own = {id(value) for group in optimizer.param_groups for value in group['params']}
    return [
        name
        for name, value in model.named_parameters()
        if id(value) in own and value.requires_grad and value.grad is None
    ]


def watch_first_step(optimizer: Optimizer, model: nn.Module, report: Callable[[list[str]], None]) -> Callable[[], None]:
    """Check once, just before the optimiser's next step, which parameters have no gradient.

    By then all backward passes of an accumulated step are done, and DDP has averaged over the processes. No tensor is
    read, so nothing waits for the device.

    Args:
        optimizer: optimiser of torch.
        model: model that names the optimiser's parameters.
        report: function that gets the names, if there are any.

    Returns:
        A function that ends the watch if there was no step.
    """

    def look(*_: Any) -> None:
        handle.remove()
        if missing := without_gradient(model, optimizer):
            report(missing)

    handle: RemovableHandle = optimizer.register_step_pre_hook(look)
    return handle.remove


def untrained(names: list[str], model: nn.Module) -> str:
    """A message: what is wrong with these parameters of the model, and what to do."""
    trainable = sum(value.requires_grad for value in model.parameters())
    shown = ', '.join(names[:_NAMES]) + (f' and {len(names) - _NAMES} more' if len(names) > _NAMES else '')
    return (
        f'{len(names)} of {trainable} trainable parameters have no gradient in the first step, because no loss '
        f'depends on them: {shown}. They would never learn. Remedy: remove these parts, or let a head read their '
        'output; set requires_grad=False on parts that must stay fixed.'
    )


@HOOKS.register_module()
class GradientCheckHook(Hook):
    """Names the trainable parameters that have no gradient in a run's first step of the optimiser.

    `CompressedRunner` always has this hook. Other Runners take `custom_hooks=[dict(type='GradientCheckHook')]`.

    Args:
        unused: 'error' ends the run, on all processes in the same step; 'warn' logs a warning. None means 'warn' where
            DDP looks for unused parameters (`find_unused_parameters=True`), as for a network that trains its parts in
            turn, and 'error' otherwise.

    Raises:
        UntrainedParameters: some parameters have no gradient; names them.
    """

    def __init__(self, unused: Literal['error', 'warn'] | None = None) -> None:
        if unused not in (None, 'error', 'warn'):
            raise ValueError(f"unused={unused!r} is not one of 'error', 'warn'")
        self.unused = unused
        self.ends: list[Callable[[], None]] = []

    def before_train(self, runner: Runner) -> None:
        """Watch the optimisers, which exist at this point."""
        wrapped = is_model_wrapper(runner.model)
        model = runner.model.get_submodule('module') if wrapped else runner.model
        unused = self.unused
        if unused is None:
            unused = 'warn' if getattr(runner.model, 'find_unused_parameters', False) else 'error'

        def report(names: list[str]) -> None:
            if unused == 'error':
                raise UntrainedParameters(untrained(names, model))
            runner.logger.warning(untrained(names, model))

        wrapper: OptimWrapper | OptimWrapperDict = runner.optim_wrapper
        wrappers = list(wrapper.values()) if isinstance(wrapper, OptimWrapperDict) else [wrapper]
        self.ends = [watch_first_step(each.optimizer, model, report) for each in wrappers]

    def after_train(self, runner: Runner) -> None:
        """End the watch of a training without a step."""
        for end in self.ends:
            end()
