"""Protects a video from being overwritten by a result made from it."""

import os

from cmvl_mm.video.errors import SettingError


def refuse_own_source(source: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Refuse to overwrite the source. Links are followed: the file counts, not its name.

    Raises:
        SettingError: stage ``encode``; writing ``out`` would replace ``source``.
    """
    if os.path.exists(source) and os.path.exists(out) and os.path.samefile(source, out):
        raise SettingError(
            os.fspath(source),
            'encode',
            f'{os.fspath(out)} is the source itself and would be lost',
            'Choose another file',
        )
