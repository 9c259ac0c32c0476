"""What a video file holds, and what it gives as motion vectors: counted, never taken from a header's word."""

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
FEWEST_FRAMES = 41  # of configs/own/pretrain; the paper's take 71
_NEAR = 12  # frames from one key frame to the next, at most, for a clip to have one near it

_TURNS = {0: '', 90: 'turned 90 degrees clockwise', 180: 'turned 180 degrees', 270: 'turned 90 degrees anticlockwise'}


@dataclass(frozen=True)
class VectorCounts:
    """What the frames of a video give as motion vectors."""

    frames: int
    """Frames with at least one valid vector."""
    missing: dict[str, int]
    """Why the others have none -> how many."""
    valid_share: float
    """Of the 16 px cells of ``frames``, those with a valid vector; 0 to 1."""


@dataclass(frozen=True)
class VideoFacts:
    """Of one file. Pictures are as they are read: rotation is not applied."""

    path: str
    container: str
    """FFmpeg's name of the format, such as 'mov,mp4,m4a,3gp,3g2,mj2'."""
    tracks: int
    """Video streams of the file, without cover art; the first that holds packets is described, and read everywhere."""
    codec: str
    profile: str | None
    """Of the codec; None where the stream states none."""
    width: int
    height: int
    """Pixels."""
    pixel_format: str
    """Of frame 0, FFmpeg's name, such as 'yuv420p'."""
    orientation: str
    interlaced: bool
    """Whether frame 0 is flagged so."""
    num_frames: int
    fps: float
    """Mean frames per second; 0 where the file has neither times nor a rate."""
    seconds: float | None
    """``num_frames / fps``."""
    keyframes: int
    keyframe_interval: tuple[int, int]
    """Fewest and most frames from one key frame to the next, or to the end of the file."""
    b_frames: int
    prepared: str | None
    """The profile with which `cmvl prepare` wrote the file; None of any other file."""
    refused: str | None
    """Why no motion vectors are read of this codec; None where they are."""
    vectors: VectorCounts | None
    """None where refused."""
    needs: tuple[str, ...]
    """What stands in the way of training, each with its remedy; empty where nothing does."""
    too_short: str | None
    """Why `cmvl pretrain` leaves the video out; None where it is long enough."""
    index_by_decoding: bool
    """Whether every process decodes the file once before the first read; else its headers are enough."""
    cost_seconds: float
    """What these facts took."""


def describe(path: str | os.PathLike[str]) -> VideoFacts:
    """Decode a video from start to end, and say what is in it.

    It is decoded for the types of its frames, and once more for their vectors, which is cheaper. What that took is
    in ``cost_seconds``.

    Raises:
        VideoError: it cannot be opened, or is damaged; the message names the first damaged frame.
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
    """In words."""
    if known.rotation is None:
        return 'turned by no multiple of 90 degrees when shown'
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
    return f'{num_frames} of the {FEWEST_FRAMES} frames that cmvl pretrain needs; embed and finetune take any length'


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
            f'up to {longest_gap} frames from one key frame to the next, so clips lie far from one: cmvl prepare'
        )
    if b_frames:
        found.append('vectors of its B-frames, and of P-frames behind them, span more than one frame: cmvl prepare')
    return tuple(found)
