"""Parts of a network that no loss depends on: found in the optimiser's first step, once."""

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
    """Parameters that would never learn; the message names them."""

    ends_job = True  # started again, the run would meet them again


def without_gradient(model: nn.Module, optimizer: Optimizer) -> list[str]:
    """Names of the trainable parameters that the optimiser has and that have no gradient.

    Zeros are a gradient: branches that start at zero have them in the first step.
    """
    own = {id(value) for group in optimizer.param_groups for value in group['params']}
    return [
        name
        for name, value in model.named_parameters()
        if id(value) in own and value.requires_grad and value.grad is None
    ]


def watch_first_step(optimizer: Optimizer, model: nn.Module, report: Callable[[list[str]], None]) -> Callable[[], None]:
    """Look once, when the optimiser is about to make its next step, which parameters have no gradient.

    By then all backward passes of a step that accumulates are through, and DDP has averaged over the processes. No
    tensor is read, so nothing waits for the device.

    Args:
        optimizer: torch's.
        model: with names for the optimiser's parameters.
        report: gets the names, if there are any.

    Returns:
        To be called where no step came: it ends the watch.
    """

    def look(*_: Any) -> None:
        handle.remove()
        if missing := without_gradient(model, optimizer):
            report(missing)

    handle: RemovableHandle = optimizer.register_step_pre_hook(look)
    return handle.remove


def untrained(names: list[str], model: nn.Module) -> str:
    """What is wrong with these parameters of the model, and what to do."""
    trainable = sum(value.requires_grad for value in model.parameters())
    shown = ', '.join(names[:_NAMES]) + (f' and {len(names) - _NAMES} more' if len(names) > _NAMES else '')
    return (
        f'{len(names)} of {trainable} trainable parameters have no gradient in the first step, for no loss depends on '
        f'them: {shown}. They would never learn. Remedy: leave these parts out or let a head read what they give; '
        'requires_grad=False for what is meant to stay as it is.'
    )


@HOOKS.register_module()
class GradientCheckHook(Hook):
    """Names the trainable parameters that have no gradient in a run's first step of the optimiser.

    `CompressedRunner` has it always. Other Runners take `custom_hooks=[dict(type='GradientCheckHook')]`.

    Args:
        unused: 'error' ends the run, on all processes in the same step; 'warn' only says so. None is 'warn' where DDP
            looks for unused parameters (`find_unused_parameters=True`), for a network whose parts take turns, else
            'error'.

    Raises:
        UntrainedParameters: names them.
    """

    def __init__(self, unused: Literal['error', 'warn'] | None = None) -> None:
        if unused not in (None, 'error', 'warn'):
            raise ValueError(f"unused={unused!r} is not one of 'error', 'warn'")
        self.unused = unused
        self.ends: list[Callable[[], None]] = []

    def before_train(self, runner: Runner) -> None:
        """Watch the optimisers, which exist by now."""
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
        """A training without a step leaves nothing behind."""
        for end in self.ends:
            end()
