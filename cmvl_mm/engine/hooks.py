"""Hooks that MMEngine lacks: seeds that survive a resume, and a report of videos that could not be used."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmaction.registry import HOOKS
from mmengine.dist import all_gather_object, get_rank
from mmengine.hooks import Hook, LoggerHook
from mmengine.runner import EpochBasedTrainLoop, Runner

from cmvl_mm.datasets.stand_ins import Skipped
from cmvl_mm.datasets.wrappers import compressed_parts

from .listed import distinct_videos, list_digest
from .nodes import node_in_words, on_several_nodes
from .same_run import epoch_shape, order_of_epochs
from .schedule_scale import recorded


@HOOKS.register_module()
class SeedIterationHook(Hook):
    """Seed torch's and NumPy's global generators by (seed, iteration, process), so dropout is the same after a resume.

    The hook also writes into each checkpoint what the position in an epoch depends on; `CompressedRunner.resume`
    compares it.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Compute the digest of the list once."""
        self.list_sha256 = list_digest(runner.train_dataloader.dataset)

    def before_train_epoch(self, runner: Runner) -> None:
        """Pass the epoch to the data sets for MMEngine's own loop; `ResumableEpochLoop` passes epoch and seed itself.

        An iteration loop has no epochs, and its workers are already reading at this point.
        """
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            for part in compressed_parts(runner.train_dataloader.dataset):
                part.set_epoch(runner.epoch)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Seed the generators of the CPU, of every GPU and of NumPy."""
        words = np.random.SeedSequence([runner.seed, runner.iter, get_rank()]).generate_state(6, np.uint32)
        torch.manual_seed(int(words[0]) << 32 | int(words[1]))
        np.random.seed(words[2:])  # MMAction2's TRNHead and RandomBatchAugment use this generator

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the global batch, the length of the list, its digest and its shuffling, and the schedule to `meta`."""
        checkpoint['meta']['epoch_shape'] = epoch_shape(runner)
        if self.list_sha256 is not None:
            checkpoint['meta']['list_sha256'] = self.list_sha256
        checkpoint['meta']['order'] = order_of_epochs(runner)
        checkpoint['meta']['schedule'] = recorded(runner.cfg.get('param_scheduler'))


_SKIPPED = 'skipped_videos'
_FAR_SHARE = 0.1  # share of an epoch's clips: prepared videos always have an I-frame near, except at their ends


def _key(entry: Skipped) -> tuple[str, str]:
    return entry.source, entry.path


def _of_this_node(entry: Skipped) -> Skipped:
    """Add this node to the reason: where each machine has a copy of the videos, other copies may be intact."""
    return entry._replace(reason=f'{entry.reason} (on {node_in_words()})') if on_several_nodes() else entry


def _samples(batch: Any) -> list[Any]:
    """The data samples of a batch; empty for other batches, such as in MMAction2's `vis_scheduler.py`."""
    return batch['data_samples'] if isinstance(batch, Mapping) and 'data_samples' in batch else []


class TooManyBrokenVideos(RuntimeError):
    """The share of broken videos is above the limit; the message lists them."""

    ends_job = True  # a restarted run would meet the same videos


@HOOKS.register_module()
class SkippedVideosHook(Hook):
    """Collect replaced videos, report them once per epoch on every process, and stop above a share of broken videos.

    The processes exchange their lists whenever a line of the log is due and at the end of an epoch. So all have the
    same list and stop in the same iteration; if one stopped alone, the others would wait for its gradients. Nothing is
    sent between these exchanges.

    A warning explains the first epoch in which a tenth of the clips have no I-frame near them.

    Args:
        max_broken_share: share of the list; more broken videos end the run. Short videos are counted but do not end it.

    Raises:
        TooManyBrokenVideos: the share is exceeded; every process raises it with the same list.
    """

    def __init__(self, max_broken_share: float = 0.05) -> None:
        if not 0 <= max_broken_share <= 1:
            raise ValueError(f'max_broken_share={max_broken_share} must lie in 0 ... 1')
        self.max_broken_share = max_broken_share
        self.skipped: dict[tuple[str, str], Skipped] = {}
        """Replaced videos by list and path; the same on all processes after each exchange."""
        self.news: dict[tuple[str, str], Skipped] = {}
        """Replaced videos that this process met since the last exchange."""
        self.iframe_fallbacks = 0
        self.samples = 0
        self.told_of_iframes = False
        self.told_of_short = False
        self.reported: set[tuple[str, str]] = set()
        self.videos: int | None = None

    def before_train(self, runner: Runner) -> None:
        """Continue a resumed run with the list in its checkpoint, which is that of the main process."""
        for words in runner.message_hub.runtime_info.get(_SKIPPED, []):
            entry = Skipped(*words)
            self.skipped.setdefault(_key(entry), entry)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Record which videos the batch's samples replace."""
        for data_sample in _samples(data_batch):
            self.samples += 1
            self.iframe_fallbacks += bool(data_sample.get('iframe_fallback', False))
            for entry in data_sample.get('skipped', ()):
                if _key(entry) not in self.skipped and _key(entry) not in self.news:
                    self.news[_key(entry)] = _of_this_node(entry)
                    self._keep(runner)
        loggers = [hook for hook in runner.hooks if isinstance(hook, LoggerHook)]
        if any(self.every_n_inner_iters(batch_idx, logger.interval) for logger in loggers):
            self._exchange(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Exchange the rest and log new entries."""
        self._exchange(runner)
        broken, short = self._of_kind('broken'), self._of_kind('short')
        for key in sorted(set(self.skipped) - self.reported):
            runner.logger.warning(f'skipped ({self.skipped[key].kind}): {self.skipped[key].reason}')
        self.reported = set(self.skipped)
        runner.logger.info(
            f'Replaced videos: {len(broken)} unreadable, {len(short)} too short, of {self._videos(runner)}. '
            f'Clips with no I-frame near them: {self.iframe_fallbacks} of {self.samples} samples here.'
        )
        if short and not self.told_of_short:
            self.told_of_short = True
            runner.logger.warning(
                f'{len(short)} videos have fewer frames than this config needs, and others replace them. Remedy: '
                "remove them from the list; or, in the stage 'sample', set a smaller frame_interval for shorter clips, "
                "or past_end='repeat_last' to repeat the last frame: --cfg-options "
                'train_dataloader.dataset.pipeline.sample.past_end=repeat_last'
            )
        if self.samples and not self.told_of_iframes and self.iframe_fallbacks > _FAR_SHARE * self.samples:
            self.told_of_iframes = True
            runner.logger.warning(
                f'{100 * self.iframe_fallbacks / self.samples:.0f} % of the clips ({self.iframe_fallbacks} of '
                f'{self.samples} samples here) have no I-frame near them and were compared with one further away, '
                'which shows another moment: unprepared videos have few I-frames. Remedy: run cmvl prepare, which '
                "writes one every 12 frames; or set a larger iframe_margin in the stage 'sample'."
            )
        self.iframe_fallbacks = self.samples = 0

    def _videos(self, runner: Runner) -> int:
        """Number of videos in the training's lists, counted once."""
        if self.videos is None:
            self.videos = distinct_videos(runner.train_dataloader.dataset)
        return self.videos

    def _keep(self, runner: Runner) -> None:
        """Store the list as plain text in the message hub, which checkpoints hold."""
        known = [*self.skipped.values(), *self.news.values()]
        runner.message_hub.update_info(_SKIPPED, [list(entry) for entry in known])

    def _exchange(self, runner: Runner) -> None:
        """Merge the lists of all processes, and stop all processes if the merged list is too long."""
        for news in all_gather_object(self.news):
            for key, entry in news.items():
                self.skipped.setdefault(key, entry)
        self.news = {}
        self._keep(runner)
        broken = self._of_kind('broken')
        if broken and len(broken) > self.max_broken_share * (listed := self._videos(runner)):
            lines = '\n'.join(f'  {entry.reason}' for entry in broken)
            raise TooManyBrokenVideos(
                f'{len(broken)} of {listed} videos are broken, more than the {self.max_broken_share:.0%} allowed:\n'
                f'{lines}\nRemedy: repair them or remove them from the list, or raise '
                'max_broken_share of SkippedVideosHook in custom_hooks.'
            )

    def _of_kind(self, kind: str) -> list[Skipped]:
        """Skipped videos of one kind, sorted by list and path."""
        return [self.skipped[key] for key in sorted(self.skipped) if self.skipped[key].kind == kind]
