"""Clips of every structure the reader must cope with, encoded on the spot."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video.seal import Seal, write_seal

sys.path[:0] = [
    str(Path(__file__).parent),
    str(Path(__file__).parents[1] / 'bitstream'),
]  # modules beside

from video_files import encode_clip  # noqa: E402

NUM_FRAMES = 40

MPEG4 = {'g': '12', 'bf': '0', 'sc_threshold': '1000000000'}

# name -> (suffix, encoder, options); x264's own parameters pin the structure.
VARIANTS = {
    'mpeg4': ('.mp4', 'mpeg4', MPEG4),
    'mpeg4_b': ('.mp4', 'mpeg4', {**MPEG4, 'bf': '2'}),
    'mpeg4_4mv': ('.mp4', 'mpeg4', {**MPEG4, 'flags': '+mv4+qpel', 'mbd': 'rd'}),
    'mpeg4_avi': ('.avi', 'mpeg4', MPEG4),
    'mpeg4_b_avi': ('.avi', 'mpeg4', {**MPEG4, 'bf': '2'}),
    'mpeg4_b_mkv': ('.mkv', 'mpeg4', {**MPEG4, 'bf': '2'}),
    'mpeg4_raw': ('.m4v', 'mpeg4', MPEG4),
    'mpeg1': ('.mpg', 'mpeg1video', {**MPEG4, 'bf': '2'}),
    'mpeg2_ts': ('.ts', 'mpeg2video', {**MPEG4, 'bf': '2'}),
    'h264': ('.mp4', 'libx264', {'x264-params': 'keyint=12:bframes=0:scenecut=0'}),
    'h264_nonkey_i': ('.mp4', 'libx264', {'x264-params': 'keyint=60:min-keyint=30:bframes=0:scenecut=100'}),
    'h264_b': ('.mp4', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}),
    'h264_b_mkv': ('.mkv', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}),
    'h264_b_ts': ('.ts', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}),
    'h264_b_avi': ('.avi', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}),
    'h264_raw': ('.264', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}),
    'h264_open': ('.mp4', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0:open-gop=1'}),
    'h264_open_ts': ('.ts', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0:open-gop=1'}),
    'h264_refresh': ('.mp4', 'libx264', {'x264-params': 'keyint=12:bframes=0:intra-refresh=1'}),
    'vp8': ('.webm', 'libvpx', {'g': '20', 'b': '300000'}),
    'hevc_b': ('.mp4', 'libx265', {'x265-params': 'keyint=12:bframes=3:log-level=none:pools=1'}),
}


@pytest.fixture(scope='session')
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Name of a variant -> its file, 40 frames of 116x84: neither side a multiple of 8."""
    folder = tmp_path_factory.mktemp('clips')
    # A cut in the middle: encoders that may put an I-frame there that is no key frame.
    frames = np.concatenate(
        [
            make_pan(displacement=(3, -2), num_frames=NUM_FRAMES // 2, height=84, width=116, seed=seed).frames
            for seed in range(2)
        ]
    )

    def clip(name: str) -> Path:
        suffix, codec, options = VARIANTS[name]
        path = folder / f'{name}{suffix}'
        if not path.exists():
            encode_clip(path, frames, codec, options)
            if name == 'mpeg4':  # as `reencode` leaves it
                write_seal(str(path), Seal('test', NUM_FRAMES, 12))
        return path

    return clip


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest, clips: Callable[[str], Path]) -> tuple[Path, bool]:
    """Each clip, and whether its codec exports vectors."""
    return clips(request.param), not request.param.startswith(('vp8', 'hevc'))
