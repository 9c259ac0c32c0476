"""FFmpeg's plain decode of a file from start to end, and what the reader gives compared with it."""

from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType
from video_files import packets_of

from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.columns import RECORD
from cmvl_mm.video.mpeg4_b_frames import BFrames
from cmvl_mm.video.raster import rasterise
from cmvl_mm.video.second_decoders import prompt_decoder


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
        return BFrames(prompt_decoder(container.streams.video[0]), packets_of(path))


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


def decode_reference(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
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
    with CompressedVideo(path, block=8) as video:
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
