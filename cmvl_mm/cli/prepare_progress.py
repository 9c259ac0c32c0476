"""How far `cmvl prepare` is: a bar on a terminal, else a line now and then."""

import time
from collections.abc import Callable, Iterator

from tqdm import tqdm

from cmvl_mm.prepare.run import Outcome

_SECONDS = 5  # from line to line

Watch = Callable[[Iterator[Outcome], int], Iterator[Outcome]]


def in_a_bar(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """Pass outcomes through under a bar on standard error."""
    failed = 0
    with tqdm(total=total, unit='video') as bar:
        for outcome in outcomes:
            failed += outcome.failure is not None
            bar.set_postfix(failed=failed, refresh=False)
            bar.update()
            yield outcome


def in_lines(say: Callable[[str], object]) -> Watch:
    """Pass outcomes through, and say how far the run is and when it will end."""

    def watch(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
        begin = shown = time.monotonic()
        failed = 0
        for done, outcome in enumerate(outcomes, start=1):
            failed += outcome.failure is not None
            now = time.monotonic()
            if now - shown >= _SECONDS or done == total:
                shown = now
                rate = done / max(now - begin, 1e-9)
                left = time.strftime('%H:%M:%S', time.gmtime((total - done) / rate))
                say(f'{done}/{total} videos, {rate:.1f}/s, {failed} failed, {left} left')
            yield outcome

    return watch
