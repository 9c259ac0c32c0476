"""Clips of every structure the reader must cope with, encoded on the spot."""

import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.container import prompt_decoder
from cmvl_mm.video.mpeg4_b_frames import BFrames
from cmvl_mm.video.raster import RECORD, rasterise
from cmvl_mm.video.seal import Seal, write_seal

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / 'bitstream')]  # format_sweep, h264_writer

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


def encode_clip(path: Path, frames: np.ndarray, codec: str, options: dict[str, str], *, start: int = 0) -> Path:
    """Write uint8 (T, H, W, 3) with any encoder; the first time stamp is ``start`` frames."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25, options={'threads': '1', **options})
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], 'yuv420p'
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            frame.pts, frame.time_base = start + number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def decode_plainly(path: Path, flags: str = '') -> list[av.VideoFrame]:
    """What FFmpeg gives when it reads the file from start to end, vectors on."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {'flags2': '+export_mvs', **({'flags': flags} if flags else {})}
        return list(container.decode(stream))


def read_b_frames(path: Path) -> BFrames:
    """Of a file of MPEG-4 Part 2, without an index."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [bytes(packet) for packet in container.demux(stream) if packet.size]
        return BFrames(prompt_decoder(stream), packets)


def real_records(path: Path, frames: list[av.VideoFrame]) -> list[np.ndarray]:
    """FFmpeg's records of each frame, as docs/vectors.md says which of them are real; one by one, in the plainest way.

    The last frame's are those of a decoder that holds none back (``low_delay``).
    """
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context.codec.canonical_name
    undelayed = decode_plainly(path, '+low_delay') if codec in ('mpeg1video', 'mpeg2video', 'mpeg4') else []
    found = []
    for number, frame in enumerate(frames):
        source = frame
        if undelayed and number == len(frames) - 1:
            same = [bytes(decoded.planes[0]) == bytes(frame.planes[0]) for decoded in undelayed]
            source = undelayed[len(same) - 1 - same[::-1].index(True)]
        entry = source.side_data.get('MOTION_VECTORS')
        records = np.empty(0, RECORD) if entry is None else np.frombuffer(bytes(entry), RECORD)
        if codec == 'mpeg4' and int(frame.pict_type) == PictureType.B:
            records = read_b_frames(path).records(number)
        if codec == 'h264':
            with_list_1 = {(r['dst_x'], r['dst_y']) for r in records if r['source'] > 0}
            real = [
                not (r['source'] < 0 and r['motion_x'] == r['motion_y'] == 0 and r['w'] + r['h'] < 32)
                or (r['dst_x'], r['dst_y']) not in with_list_1
                for r in records
            ]
            records = records[np.array(real, bool)]
        found.append(records)
    return found


def decode_reference(
    path: Path,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """RGB, vectors, validity and picture types of a plain sequential decode."""
    rgb, vectors, valid, types = [], [], [], []
    frames = decode_plainly(path)
    for frame, records in zip(frames, real_records(path, frames), strict=True):
        rgb.append(frame.to_ndarray(format='rgb24'))
        painted = rasterise([records], frame.height, frame.width, 8)
        vectors.append(painted[0][0])
        valid.append(painted[1][0])
        types.append('?IPB'[int(frame.pict_type)])
    return np.stack(rgb), np.stack(vectors), np.stack(valid), ''.join(types)


def check_random_reads(path: Path, *, motion: bool, rounds: int = 6) -> None:
    """Random, repeated, unordered indices with gaps give what the plain decode gave."""
    rgb, vectors, valid, types = decode_reference(path)
    rng = np.random.default_rng(0)
    with CompressedVideo(path) as video:
        assert video.num_frames == len(rgb)
        assert (video.height, video.width) == rgb.shape[1:3]
        for _ in range(rounds):
            ours = rng.integers(0, len(rgb), 6)
            theirs = rng.integers(0, len(rgb), 5) if motion else []
            frames, field = video.read(rgb=ours, motion=theirs)
            np.testing.assert_array_equal(frames, rgb[ours])
            if motion:
                np.testing.assert_array_equal(field.vectors, vectors[theirs])
                np.testing.assert_array_equal(field.valid, valid[theirs])
        assert video.frame_types == types


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


@pytest.fixture(scope='session')
def encode() -> Callable[..., Path]:
    """`encode_clip`, for other pictures."""
    return encode_clip


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest, clips: Callable[[str], Path]) -> tuple[Path, bool]:
    """Each clip, and whether its codec exports vectors."""
    return clips(request.param), not request.param.startswith(('vp8', 'hevc'))


@pytest.fixture(scope='session')
def plain_frames() -> Callable[[Path], list[av.VideoFrame]]:
    """`decode_plainly`."""
    return decode_plainly


@pytest.fixture(scope='session')
def reference() -> Callable[[Path], tuple[np.ndarray, np.ndarray, np.ndarray, str]]:
    """`decode_reference`."""
    return decode_reference


@pytest.fixture(scope='session')
def check_reads() -> Callable[..., None]:
    """`check_random_reads`."""
    return check_random_reads
