"""Format the text of a config once, not for every checkpoint.

MMEngine's `Config.pretty_text` runs yapf whenever it is read: four times when a run starts, and once per checkpoint.
This takes a third of a second each time for the smallest config here.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from mmengine.config import config
from yapf.yapflib.yapf_api import FormatCode

KEPT = 4
"""Number of texts to keep: those of a run and of its test, before and after they are fitted to the machine."""


def format_once() -> None:
    """Cache the formatting of `pretty_text`, whose result stays the same. `cmvl_mm.register` calls this."""
    if config.FormatCode is FormatCode:
        config.FormatCode = remembering(FormatCode)


def remembering(format_code: Callable[..., tuple[str, bool]]) -> Callable[..., tuple[str, bool]]:
    """yapf's function with a cache of `KEPT` texts. The arguments from MMEngine depend on yapf's version."""
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
