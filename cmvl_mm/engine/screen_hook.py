"""The lines and bars that a run shows on the screen."""

from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from cmvl_mm.evaluation.summary import figures_text

from .checkpoint_hook import newest_saved
from .listed import Listing
from .progress import Progress, progress
from .screen import ON_SCREEN


class ScreenHook(Hook):
    """Show counts of the data, a bar with the time left over training steps or test batches, and results.

    `WholeFileLoggerHook`, not this hook, shows a test's figures.
    """

    def __init__(self) -> None:
        self.bar: Progress | None = None

    def before_train(self, runner: Runner) -> None:
        """Begin the bar; that of a resumed run begins at the step from which it resumes."""
        _say(runner, f'training data: {data_in_words(runner.train_dataloader.dataset)}')
        self._begin(runner.max_iters, 'training', 'steps', runner.iter)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Count one step and show the loss that was logged last."""
        if self.bar is not None:
            loss = runner.message_hub.log_scalars.get('train/loss')
            shown = {} if loss is None else {'loss': f'{loss.current():.3f}'}
            self.bar.set_postfix(refresh=False, epoch=f'{runner.epoch + 1}/{runner.max_epochs}', **shown)
            self.bar.update()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Show the figures of a validation in percent."""
        if text := figures_text(metrics or {}):
            _say(runner, f'validation after epoch {runner.epoch}: {text}')

    def after_train(self, runner: Runner) -> None:
        """Show losses and accuracies of the last steps, and the path of the weights."""
        self._end()
        if figures := last_figures(runner):
            _say(runner, f'last steps: {figures}')
        weights = newest_saved(runner)
        if weights is not None:
            _say(runner, f'weights: {weights}')

    def before_test(self, runner: Runner) -> None:
        """Begin a bar for each test."""
        _say(runner, f'test data: {data_in_words(runner.test_dataloader.dataset)}')
        self._begin(len(runner.test_dataloader), 'testing', 'batches')

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Count one batch; the bar ends before the figures are shown."""
        if self.bar is not None:
            self.bar.update()
        if batch_idx + 1 == len(runner.test_dataloader):
            self._end()

    def _begin(self, total: int, desc: str, unit: str, initial: int = 0) -> None:
        if is_main_process():
            self.bar = progress(total, desc, unit, initial)

    def _end(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def data_in_words(dataset: Any) -> str:
    """'512 videos of train.txt, 64 of test.txt'; number of samples for a data set without lists."""
    counts = Listing(dataset).counts()
    if not counts:
        return f'{len(dataset)} samples'
    (source, count), *others = counts.items()
    return ', '.join(
        [f'{count} videos of {Path(source).name}', *(f'{number} of {Path(name).name}' for name, number in others)]
    )


def last_figures(runner: Runner) -> str:
    """'loss 1.234, acc_context 34.2 %': means over the averaging window of the last log lines."""
    parts = []
    for name, scalars in runner.message_hub.log_scalars.items():
        kind, _, figure = name.partition('/')
        if kind != 'train' or not figure.startswith(('loss', 'acc', 'top')):
            continue
        mean = float(scalars.mean(runner.log_processor.window_size))
        share = figure.startswith(('acc', 'top'))
        parts.append(f'{figure} {100 * mean:.1f} %' if share else f'{figure} {mean:.3f}')
    return ', '.join(parts)


def _say(runner: Runner, line: str) -> None:
    runner.logger.info(line, extra=ON_SCREEN)
