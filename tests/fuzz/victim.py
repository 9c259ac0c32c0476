"""Read one damaged file as a user would, and hold what came out against a plain decode."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from oracle import Judgement, fingerprint

from cmvl_mm.video import CompressedVideo, VideoError

STAGES = ('open', 'index', 'decode', 'motion')
ADDRESS_SPACE = 8 << 30  # bytes: only keeps a runaway child from taking the machine with it
_READS = 4
_CLIP = 8  # frames


@dataclass
class Reading:
    """What reading one file gave."""

    stages: list[str] = field(default_factory=list)
    """Of the VideoErrors met."""
    faults: list[str] = field(default_factory=list)
    """Anything raised that is no VideoError with the file's path and a stage."""
    rgb: set[bytes] = field(default_factory=set)
    """Hashes of the frames handed out."""
    motion: set[bytes] = field(default_factory=set)
    """Hashes of the vector grids handed out, empty ones left out."""
    verified: bool = False
    """Whether verify() found nothing."""
    seconds: float = 0.0
    growth: int = 0
    """Bytes by which the resident memory rose at its peak."""


def read(path: Path, rng: np.random.Generator) -> Reading:
    """Open the file, ask for everything it can tell, and read frames at random places."""
    reading = Reading()
    before, begun = _reset_peak(), time.monotonic()
    video = _attempt(lambda: CompressedVideo(path), path, reading)
    if video is not None:
        with video:
            _read_all(video, path, reading, rng)
    reading.seconds = time.monotonic() - begun
    reading.growth = max(_memory('VmHWM') - before, 0)
    return reading


def _read_all(video: CompressedVideo, path: Path, reading: Reading, rng: np.random.Generator) -> None:
    _attempt(lambda: video.keyframes, path, reading)
    count = _attempt(lambda: video.num_frames, path, reading) or 0
    reads: list[dict[str, Any]] = []
    for _ in range(_READS if count else 0):
        few, some = rng.integers(0, count, rng.integers(1, 4)), rng.integers(0, count, rng.integers(0, 6))
        first = int(rng.integers(0, count))
        clip = range(first, min(first + _CLIP, count))
        reads += [dict(rgb=few), dict(rgb=some, motion=few), dict(rgb=clip), dict(motion=clip)]
    if count:
        reads.append(dict(motion=range(count)))
    verdict = len(reads) // 2  # in the middle: reads before and after a failed one
    for number, wanted in enumerate(reads):
        if number == verdict:
            sound = len(reading.stages), len(reading.faults)
            _attempt(lambda: video.frame_types, path, reading)
            _attempt(video.verify, path, reading)
            reading.verified = sound == (len(reading.stages), len(reading.faults))
        if video.codec in ('vp8', 'vp9'):
            wanted.pop('motion', None)  # these have no vectors
        result = _attempt(lambda wanted=wanted: video.read(**wanted), path, reading)
        if result is not None:
            frames, motion = result
            reading.rgb |= {fingerprint(frame) for frame in frames}
            reading.motion |= {
                fingerprint(vectors) for vectors, valid in zip(motion.vectors, motion.valid, strict=True) if valid.any()
            }


def judge(reading: Reading, plain: Judgement, sound: Judgement) -> dict[str, int]:
    """How many frames and vector grids handed out are what; see the keys.

    Args:
        reading: what the reader gave.
        plain: what FFmpeg said of the same file, decoded from end to end with one decoder.
        sound: and of the file before it was damaged. What equals that is right, whatever that one decoder, which met
            damage before, made of it.
    """
    flagged = (reading.rgb & (plain.damaged_rgb - plain.sound_rgb)) - sound.sound_rgb
    flagged |= (reading.motion & (plain.damaged_motion - plain.sound_motion)) - sound.sound_motion
    return dict(
        handed_out=len(reading.rgb) + len(reading.motion),
        flagged=len(flagged),
        wrong=len(reading.rgb - sound.sound_rgb) + len(reading.motion - sound.sound_motion),
    )


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def _attempt(call: Callable[[], Any], path: Path, reading: Reading) -> Any:
    """The call's result, or None with its error noted."""
    try:
        return call()
    except VideoError as error:
        if error.stage in STAGES and error.path == str(path) and str(path) in str(error):
            reading.stages.append(error.stage)
        else:
            reading.faults.append(repr(error))
    except Exception as error:
        reading.faults.append(repr(error))
    return None


def _reset_peak() -> int:
    """Let the kernel's high-water mark start at what is resident now, bytes."""
    Path('/proc/self/clear_refs').write_text('5')
    return _memory('VmRSS')


def _memory(key: str) -> int:
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith(f'{key}:'):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f'/proc/self/status has no {key}')
