"""The text of a config is formatted once, not for every checkpoint.

MMEngine's `Config.pretty_text` runs yapf whenever it is read: four times as a run starts, and once a checkpoint. Of the
smallest config here that takes a third of a second each time.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from mmengine.config import config
from yapf.yapflib.yapf_api import FormatCode

KEPT = 4
"""Texts: those of a run and of its test, before and after they are fitted to the machine."""


def format_once() -> None:
    """Called by `cmvl_mm.register`: `pretty_text` is what it was, and a text that was formatted lately is not again."""
    if config.FormatCode is FormatCode:
        config.FormatCode = remembering(FormatCode)


def remembering(format_code: Callable[..., tuple[str, bool]]) -> Callable[..., tuple[str, bool]]:
    """yapf's function with a memory of `KEPT` texts. Which arguments MMEngine gives it depends on yapf's version."""
    kept: dict[tuple[str, str], tuple[str, bool]] = {}

    @wraps(format_code)
    def formatted(text: str, **how: Any) -> tuple[str, bool]:
        key = text, repr(how)
        if key not in kept:
            kept[key] = format_code(text, **how)
            if len(kept) > KEPT:
                del kept[next(iter(kept))]
        return kept[key]

    return formatted
