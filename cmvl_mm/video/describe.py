"""What a video file holds, and which motion vectors it gives: counted from a decode, not taken from its headers."""

import os
import time
from collections import Counter
from dataclasses import dataclass

from cmvl_mm.bitstream.claims import I_FRAME
from cmvl_mm.video.decoder_options import CODECS_WITH_VECTORS
from cmvl_mm.video.metadata import VideoMetadata
from cmvl_mm.video.runs import runs_of_frames
from cmvl_mm.video.seal import read_seal
from cmvl_mm.video.stream import CompressedVideo

_BLOCK = 16  # px
_TOGETHER = 512  # frames; 20 MB of vectors at 1080p
FEWEST_FRAMES = 41  # needed by configs/own/pretrain; the paper's configs take 71
_NEAR = 12  # largest key-frame distance, in frames, at which every clip has a key frame near it

_TURNS = {0: '', 90: 'turned 90 degrees clockwise', 180: 'turned 180 degrees', 270: 'turned 90 degrees anticlockwise'}


@dataclass(frozen=True)
class VectorCounts:
    """Counts of the motion vectors in a video's frames."""

    frames: int
    """Frames with at least one valid vector."""
    missing: dict[str, int]
    """Reason why frames have no vectors -> number of such frames."""
    valid_share: float
    """Share of the 16 px cells of ``frames`` that have a valid vector, 0 to 1."""


@dataclass(frozen=True)
class VideoFacts:
    """Facts about one file. Pictures are as they are read: rotation is not applied."""

    path: str
    container: str
    """FFmpeg's name of the container format, such as 'mov,mp4,m4a,3gp,3g2,mj2'."""
    tracks: int
    """Video streams of the file, without cover art; the first that holds packets is described, and read everywhere."""
    codec: str
    profile: str | None
    """Profile of the codec; None if the stream states none."""
    width: int
    height: int
    """Height of the picture in pixels; likewise ``width``."""
    pixel_format: str
    """Pixel format of frame 0 by FFmpeg's name, such as 'yuv420p'."""
    orientation: str
    interlaced: bool
    """Whether frame 0 is flagged as interlaced."""
    num_frames: int
    fps: float
    """Mean frames per second; 0 if the file has neither times nor a rate."""
    seconds: float | None
    """``num_frames / fps``."""
    keyframes: int
    keyframe_interval: tuple[int, int]
    """Fewest and most frames from one key frame to the next or to the end of the file."""
    b_frames: int
    prepared: str | None
    """The profile with which `cmvl prepare` wrote the file; None for any other file."""
    refused: str | None
    """Why no motion vectors of this codec are read; None if they are."""
    vectors: VectorCounts | None
    """Counts of the vectors; None if they are not read."""
    needs: tuple[str, ...]
    """What prevents training on the file, each with its remedy; empty if nothing does."""
    too_short: str | None
    """Why `cmvl pretrain` skips the video; None if it is long enough."""
    index_by_decoding: bool
    """Whether every process decodes the whole file before its first read; if not, the headers are enough."""
    cost_seconds: float
    """Seconds that collecting these facts took."""


def describe(path: str | os.PathLike[str]) -> VideoFacts:
    """Decode a video from start to end and report what it holds.

    The video is decoded once for the types of its frames, and once more for their vectors, which is cheaper.
    ``cost_seconds`` of the result is the time that this took.

    Raises:
        VideoError: the file cannot be opened or is damaged; the message names the first damaged frame.
    """
    began = time.perf_counter()
    name = os.fspath(path)
    with CompressedVideo(name, block=_BLOCK) as video:
        known = video.metadata
        seal = read_seal(name)
        refused = None
        if video.codec not in CODECS_WITH_VECTORS:
            refused = f'FFmpeg exports no motion vectors of {video.codec} that are known to be right'
        types = video.frame_types
        vectors = None if refused else _count_vectors(video)
        fps, longest_gap = known.fps, known.keyframe_interval[1]
        return VideoFacts(
            path=name,
            container=known.container,
            tracks=known.tracks,
            codec=video.codec,
            profile=known.profile,
            width=video.width,
            height=video.height,
            pixel_format=known.pixel_format,
            orientation=_orientation(known),
            interlaced=known.interlaced,
            num_frames=video.num_frames,
            fps=fps,
            seconds=video.num_frames / fps if fps else None,
            keyframes=len(video.keyframes),
            keyframe_interval=known.keyframe_interval,
            b_frames=types.count('B'),
            prepared=None if seal is None else seal.profile,
            refused=refused,
            vectors=vectors,
            needs=_needs(
                video.codec,
                refused,
                vectors,
                video.num_frames,
                longest_gap,
                types.count('B'),
                prepared=seal is not None,
            ),
            too_short=_too_short(video.num_frames),
            index_by_decoding=not video.proven_regular,
            cost_seconds=time.perf_counter() - began,
        )


def _orientation(known: VideoMetadata) -> str:
    """The orientation in words."""
    if known.rotation is None:
        return 'neither upright nor turned by a multiple of 90 degrees when shown'
    done = ['mirrored left to right'] * known.mirrored + [_TURNS[known.rotation]] * (known.rotation > 0)
    return f'{", then ".join(done)} when shown' if done else 'upright'


def _count_vectors(video: CompressedVideo) -> VectorCounts:
    missing: Counter[str] = Counter()
    frames = valid = cells = 0
    for run in runs_of_frames(0, video.num_frames, video.keyframes, _TOGETHER):
        motion = video.read(motion=run).motion
        has_some = [reason is None for reason in motion.missing]
        missing.update(reason for reason in motion.missing if reason is not None)
        frames += sum(has_some)
        valid += int(motion.valid[has_some].sum())
        cells += motion.valid[has_some].size
    return VectorCounts(frames, dict(missing.most_common()), valid / cells if cells else 0.0)


def _too_short(num_frames: int) -> str | None:
    if num_frames >= FEWEST_FRAMES:
        return None
    return f'{num_frames} frames, but cmvl pretrain needs {FEWEST_FRAMES}; embed and finetune accept any length'


def _needs(
    codec: str,
    refused: str | None,
    vectors: VectorCounts | None,
    num_frames: int,
    longest_gap: int,
    b_frames: int,
    *,
    prepared: bool,
) -> tuple[str, ...]:
    if prepared:
        return ()
    if refused or vectors is None:
        return (f'{codec} has no vectors: cmvl prepare',)
    found = []
    if not vectors.frames and num_frames > 1:
        reason = next((reason for reason in vectors.missing if reason != I_FRAME), I_FRAME)
        found.append(f'no frame has vectors ({reason}): cmvl prepare')
    if longest_gap > _NEAR:
        found.append(
            f'key frames are up to {longest_gap} frames apart, so clips can be far from a key frame: cmvl prepare'
        )
    if b_frames:
        found.append('vectors of B-frames, and of P-frames after them, span more than one frame: cmvl prepare')
    return tuple(found)
