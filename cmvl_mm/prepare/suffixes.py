"""The file suffixes of videos: the suffixes of containers that the reader accepts."""

from collections.abc import Iterator

import av

from cmvl_mm.video.container import FORMATS

_UNLISTED = (
    '3gp2 3gpp 360 f4p gifv insv lrv m4p mjp2 mp4v mpg4 mqv qt '  # of the mov family
    'm1v m2p m2v mod mp2v mpe mpv mpv2 tod vob evo vro '  # of MPEG program and elementary streams
    'tp trp '  # of MPEG transport streams
    '26l bit bits h261 jsv jvt '  # of raw streams
    'amv divx xvid dvr-ms wm nsv rmvb ogm ogv ogx'
)
"""Usual suffixes that FFmpeg's tables do not name for these containers."""
_NO_VIDEO = 'ism m4a m4b isma mka mks ra wma avif heic heif mpo'
"""Suffixes of the same containers for files with sound, subtitles, a still picture or a play list."""


def _named_by_ffmpeg() -> Iterator[str]:
    for name in FORMATS.split(','):
        for mode in ('r', 'w'):
            try:
                yield from av.ContainerFormat(name, mode).extensions
            except ValueError:  # FFmpeg does not write this format, or has no table for it
                continue


SUFFIXES = frozenset(f'.{name}' for name in {*_named_by_ffmpeg(), *_UNLISTED.split()} - {*_NO_VIDEO.split()})
"""Suffixes of files, in any case, that count as videos in a search of a folder; in a list, every name counts."""
