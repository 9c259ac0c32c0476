"""The sound videos that get damaged: small, made on the spot, of every container and codec."""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'video'))

from video_files import encode_clip

from cmvl_mm.controlled.synthetic import make_pan, make_zoom

REPEATABLE = {'fflags': '+bitexact'}  # of a container: Matroska draws its identifiers at random
NUM_FRAMES = 72  # more than the reader wants before it opens a second decoder for vectors alone
_MPEG4 = {'g': '12', 'bf': '0', 'sc_threshold': '1000000000', 'qmin': '3', 'qmax': '3', 'b': '1000000000'}
_MPEG4_B = {**_MPEG4, 'bf': '2'}
_SMALL_INDEX = {'reserve_index_space': '32'}  # else three quarters of the file are padding, and so is most damage
_FAST_START = {'movflags': 'faststart'}  # the table comes first, so that it survives when the end is lost


def _x264(params: str) -> dict[str, str]:
    """Without macroblock trees: with them, the files of one recipe differ."""
    return {'x264-params': f'{params}:mbtree=0'}


# kind of file -> suffix, and its structures: encoder, encoder's options, container's options
FORMATS: dict[str, tuple[str, tuple[tuple[str, dict[str, str], dict[str, str]], ...]]] = {
    'mpeg4_mp4': ('.mp4', (('mpeg4', _MPEG4, {}), ('mpeg4', _MPEG4, _FAST_START), ('mpeg4', _MPEG4_B, {}))),
    'mpeg4_avi': ('.avi', (('mpeg4', _MPEG4, _SMALL_INDEX), ('mpeg4', _MPEG4_B, _SMALL_INDEX))),
    'h264_mp4': (
        '.mp4',
        (
            ('libx264', _x264('keyint=12:bframes=0:scenecut=0'), {}),
            ('libx264', _x264('keyint=24:bframes=3:b-adapt=0:b-pyramid=normal'), _FAST_START),
            ('libx264', _x264('keyint=12:bframes=2:b-adapt=0:open-gop=1:slices=2'), {}),
        ),
    ),
    'mpeg4_raw': ('.m4v', (('mpeg4', _MPEG4, {}), ('mpeg4', _MPEG4_B, {}))),
    'h264_raw': ('.264', (('libx264', _x264('keyint=24:bframes=3:b-adapt=0'), {}),)),
    'mkv': ('.mkv', (('libx264', _x264('keyint=24:bframes=3:b-adapt=0'), {}), ('mpeg4', _MPEG4_B, {}))),
    'webm': ('.webm', (('libvpx', {'g': '20', 'b': '300000'}, {}), ('libvpx-vp9', {'g': '20', 'b': '300000'}, {}))),
}


@dataclass(frozen=True)
class Source:
    """A sound file and where its packets lie."""

    path: Path
    ranges: tuple[tuple[int, int], ...]
    """(first byte, byte after the last) of each packet, in decoding order."""

    @cached_property
    def data(self) -> bytes:
        return self.path.read_bytes()


def make_sources(folder: Path) -> dict[str, list[Source]]:
    """Encode every structure once: kind of file -> its sound videos."""
    half = NUM_FRAMES // 2
    pan = make_pan(displacement=(3, -1.5), num_frames=half, height=64, width=80).frames
    zoom = make_zoom(rate=1.02, num_frames=half, height=64, width=80).frames
    frames = np.concatenate([pan, zoom])
    sources = {}
    for name, (suffix, structures) in FORMATS.items():
        paths = [folder / f'{name}_{number}{suffix}' for number in range(len(structures))]
        for path, (codec, options, container_options) in zip(paths, structures, strict=True):
            encode_clip(path, frames, codec, options, container_options=REPEATABLE | container_options)
        sources[name] = [Source(path, _packet_ranges(path)) for path in paths]
    return sources


def _packet_ranges(path: Path) -> tuple[tuple[int, int], ...]:
    """Found by their bytes: raw streams and Matroska state no exact place."""
    data, ranges, end = path.read_bytes(), [], 0
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                first = data.index(bytes(packet), end)
                end = first + packet.size
                ranges.append((first, end))
    return tuple(ranges)
