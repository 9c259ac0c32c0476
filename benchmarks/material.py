"""Videos for benchmarks: generated, so that a fresh clone needs no data, or your own.

Generated videos pan over a texture with an object that moves differently, with camera grain for a realistic bit rate.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from cmvl_mm.controlled.synthetic import make_moving_object, make_pan
from cmvl_mm.video.encode import PROFILES, reencode, write_video

WIDTH, HEIGHT = 340, 256  # CoViAR's size
GRAIN = 2.0  # standard deviation, of 255: 9 kB a frame in MPEG-4, as between UCF101's still and shaky clips
MOTIONS = ((3, -1), (-2, 2), (1, 0), (-4, -3))  # px per frame


def make_frames(number: int, num_frames: int) -> np.ndarray:
    """(T, 256, 340, 3) uint8; the same number gives the same video."""
    rng = np.random.default_rng(number)
    dx, dy = MOTIONS[number % len(MOTIONS)]
    size = dict(num_frames=num_frames, height=HEIGHT, width=WIDTH)
    pan = make_pan(displacement=(dx, dy), seed=number, **size).frames
    scene = make_moving_object(displacement=(-dy, dx), size=96, seed=number + 100, **size)
    moving = (scene.displacement != 0).any(-1, keepdims=True)
    grain = rng.normal(0, GRAIN, (num_frames, HEIGHT, WIDTH, 1))
    return np.clip(np.where(moving, scene.frames, pan) + grain, 0, 255).astype(np.uint8)


def make_mpeg4(folder: Path, count: int, num_frames: int) -> list[Path]:
    """MPEG-4 Part 2, 340x256, quantiser 1, an I-frame every 12 frames: the profile 'coviar'."""
    return prepare(folder, make_originals(folder, count, num_frames), 'coviar')


def make_originals(folder: Path, count: int, num_frames: int) -> list[Path]:
    """MPEG-4 Part 2, 340x256, 0.8 Mbit/s as in UCF101, but an I-frame every 12 frames, which makes seeking cheapest."""
    paths = [folder / f'original_{number}.mp4' for number in range(count)]
    for number, path in enumerate(paths):
        write_video(make_frames(number, num_frames), path)
    return paths


def prepare(folder: Path, originals: Sequence[Path], profile: str) -> list[Path]:
    """The originals prepared with `cmvl prepare --profile`."""
    paths = [folder / f'{profile}_{path.stem}.mp4' for path in originals]
    for original, path in zip(originals, paths, strict=True):
        reencode(original, path, profile=PROFILES[profile])
    return paths


def make_h264(folder: Path, count: int, num_frames: int) -> list[Path]:
    """H.264, 340x256, an I-frame every 12 frames, no B-frames, blocks of all sizes."""
    return [_encode_h264(make_frames(number, num_frames), folder / f'h264_{number}.mp4') for number in range(count)]


def _encode_h264(frames: np.ndarray, path: Path) -> Path:
    with av.open(str(path), 'w') as container:
        options = {'crf': '20', 'x264-params': 'keyint=12:min-keyint=12:scenecut=0:bframes=0:threads=1'}
        stream = container.add_stream('libx264', rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def make_full_hd(num_frames: int) -> Iterator[av.VideoFrame]:
    """1920x1080: a texture under a moving camera, an object that moves differently, and new grain on each frame."""
    height, width = 1080, 1920
    rng = np.random.default_rng(0)
    scene = make_pan(displacement=(0, 0), num_frames=1, height=height + 256, width=width + 256, seed=1).frames[0]
    other = make_pan(displacement=(0, 0), num_frames=1, height=256, width=256, seed=2).frames[0]
    grain = rng.normal(0, GRAIN, (height + 64, width + 64, 1)).astype(np.float32)
    for number in range(num_frames):
        left, top = (round(128 + 100 * np.sin(number / period)) for period in (23, 31))
        picture = scene[top : top + height, left : left + width].astype(np.float32)
        x, y = (number * 5) % (width - 256), (number * 3) % (height - 256)
        picture[y : y + 256, x : x + 256] = other
        down, right = rng.integers(0, 64, 2)
        picture += grain[down : down + height, right : right + width]
        frame = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), format='rgb24')
        frame.pts, frame.time_base = number, Fraction(1, 25)
        yield frame


def make_full_hd_h264(folder: Path, num_frames: int) -> Path:
    """x264's defaults: B-frames, several references, a key frame every 250 frames; its fast preset."""
    path = folder / 'full_hd.mp4'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25, options={'preset': 'fast', 'threads': '1'})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, 'yuv420p'
        for frame in make_full_hd(num_frames):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def make_full_hd_mpeg4(source: Path, folder: Path) -> Path:
    """A video prepared with `cmvl prepare`: MPEG-4 Part 2, the profile 'paper'."""
    path = folder / 'full_hd_mpeg4.mp4'
    reencode(source, path, profile=PROFILES['paper'])
    return path


def repeat_packets(source: Path, target: Path, times: int) -> Path:
    """Repeat a video `times` times; it begins with a key frame."""
    with av.open(str(target), 'w') as out:
        copy, later = None, 0
        for _ in range(times):
            with av.open(str(source)) as container:
                stream = container.streams.video[0]
                copy = copy or out.add_stream_from_template(stream)
                end = 0
                for packet in container.demux(stream):
                    if packet.size:
                        end = max(end, packet.pts + packet.duration)
                        packet.pts, packet.dts, packet.stream = packet.pts + later, packet.dts + later, copy
                        out.mux(packet)
                later += end
    return target
