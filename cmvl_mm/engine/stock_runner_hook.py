"""A run of our configs under MMEngine's own Runner warns about what is missing."""

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from .gradients import GradientCheckHook
from .runner import CompressedRunner


@HOOKS.register_module()
class StockRunnerHook(Hook):
    """Warn once if the runner is not the one that the config names; silent under `CompressedRunner`.

    A hook cannot replace the runner: optimiser and data are built before hooks are called.
    """

    def before_train(self, runner: Runner) -> None:
        """Warn about the levers of `fast_step` that are off, and the checks that are not made."""
        missing = [
            'values, lists and labels are not checked before the first step',
            'a run can resume with another list or batch',
            'auto_scale_lr does not count accumulated batches',
        ]
        if not any(isinstance(hook, GradientCheckHook) for hook in runner.hooks):
            missing.append(
                "parameters that never learn are not reported (custom_hooks=[dict(type='GradientCheckHook')] does it)"
            )
        levers, wrapper = runner.cfg.get('fast_step'), runner.cfg.get('optim_wrapper') or {}
        if levers is not None and wrapper.get('type') != 'StepOptimWrapper':
            positions = ', '.join(f'{name}={value}' for name, value in levers.items())
            missing.insert(0, f'fast_step is off ({positions})')
        self._warn(runner, missing)

    def before_test(self, runner: Runner) -> None:
        """Warn about the checks that are not made."""
        self._warn(runner, ['weights that a checkpoint lacks stay random', 'lists and labels are not checked'])

    @staticmethod
    def _warn(runner: Runner, missing: list[str]) -> None:
        if not isinstance(runner, CompressedRunner):
            runner.logger.warning(
                f'This is {type(runner).__name__}, not the CompressedRunner that the config names: '
                f'{"; ".join(missing)}. '
                'Remedy: build it with runner = mmaction.registry.RUNNERS.build(config).'
            )
