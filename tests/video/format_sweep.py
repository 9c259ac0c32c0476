"""Every codec and container that PyAV's FFmpeg can write, read back and compared; writes docs/formats.md.

    python tests/video/format_sweep.py

A pan of known motion is encoded.  Frames are read in shuffled order and compared with a plain decode, key frames with
the decoder's flags, vectors with the pan.
"""

import logging
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from video_files import encode_clip

from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.colour import container_tags
from cmvl_mm.video.colour_reader import ColourReader
from cmvl_mm.video.decoder_options import codec_name
from cmvl_mm.video.motion import QUARTERS

WIDTH, HEIGHT, NUM_FRAMES = 176, 144, 14
STEP = np.array([3, -2])  # px a frame
# FFmpeg's names of muxers whose files `cmvl_mm.video.container.FORMATS` accepts -> suffix.
MUXERS = {
    'mp4': 'mp4', 'mov': 'mov', 'ismv': 'ismv', 'matroska': 'mkv', 'webm': 'webm', 'avi': 'avi', 'mpegts': 'ts',
    'mpeg': 'mpg', 'vob': 'vob', 'flv': 'flv', 'ogg': 'ogv', 'nut': 'nut', 'asf': 'wmv', 'mxf': 'mxf', 'gxf': 'gxf',
    'wtv': 'wtv', 'dv': 'dv', 'ivf': 'ivf', 'h261': 'h261', 'h263': 'h263', 'h264': '264', 'hevc': 'hevc', 'm4v': 'm4v',
    'mpeg1video': 'm1v', 'mpeg2video': 'm2v', 'mjpeg': 'mjpeg', 'yuv4mpegpipe': 'y4m', 'apng': 'apng', 'gif': 'gif',
    'rm': 'rm', '3gp': '3gp', 'obu': 'obu', 'dirac': 'drc', 'dnxhd': 'dnxhd', 'vc1': 'vc1', 'evc': 'evc', 'vvc': 'vvc',
}  # fmt: skip
VARIANTS = {
    'P-frames': {'g': '5', 'bf': '0'},
    'B-frames': {'g': '5', 'bf': '2'},
    'interlaced': {'g': '5', 'bf': '0', 'flags': '+ilme+ildct'},
}
QUALITY = {'qmin': '2', 'qmax': '3', 'b': '8000000'}
WITH_QUALITY = {
    'mpeg1video', 'mpeg2video', 'mpeg4', 'h261', 'h263', 'h263p', 'flv', 'msmpeg4', 'msmpeg4v2', 'wmv1', 'wmv2',
}  # fmt: skip
CODED_INTERLACED = {'mpeg2video': {}, 'mpeg4': {}, 'libx264': {'x264-params': 'tff=1'}}


@dataclass(frozen=True)
class Row:
    """What became of one kind of file."""

    codec: str
    variant: str
    container: str
    frames: str
    keyframes: str
    vectors: str


def encoders() -> list[str]:
    names = []
    for name in sorted(av.codecs_available):
        try:
            codec = av.Codec(name, 'w')
        except av.codec.codec.UnknownCodecError:
            continue
        if codec.type == 'video':
            names.append(name)
    return names


def pan() -> np.ndarray:
    """(T, H, W, 3) RGB; a smooth texture that moves by `STEP` a frame."""
    rng = np.random.default_rng(0)
    spectrum = np.fft.fft2(rng.normal(size=(512, 512)))
    k = np.fft.fftfreq(512)
    smooth = np.fft.ifft2(spectrum * np.exp(-(k[:, None] ** 2 + k**2) / 0.03)).real
    texture = np.clip(128 + 45 * smooth / smooth.std(), 16, 235).astype(np.uint8)
    moved = [np.roll(texture, STEP[::-1] * number, axis=(0, 1)) for number in range(NUM_FRAMES)]
    return np.repeat(np.stack(moved)[:, :HEIGHT, :WIDTH, None], 3, axis=3)


def write(path: Path, muxer: str, encoder: str, variant: str, pictures: np.ndarray) -> None:
    """Raises what PyAV raises where this encoder, container and variant do not go together."""
    formats = [form.name for form in av.Codec(encoder, 'w').video_formats or []] or ['yuv420p']
    pixels = 'yuv420p' if 'yuv420p' in formats else formats[0]
    options = {'strict': '-2', **VARIANTS[variant], **(QUALITY if encoder in WITH_QUALITY else {})}
    if variant == 'interlaced':
        options |= CODED_INTERLACED[encoder]
    encode_clip(path, pictures, encoder, options, pixel_format=pixels, muxer=muxer)


def plain(path: str) -> list[tuple[np.ndarray, bool]]:
    """RGB and key flag of each frame of a plain decode."""
    found = []
    with av.open(path) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        colours = ColourReader(path, container_tags(stream), codec_name(stream))
        context.thread_count = 1
        if codec_name(stream) == 'h264':
            context.options = {'strict': '1'}
        for frame in container.decode(stream):
            key = frame.key_frame
            found.append((colours.ready(frame).to_ndarray(format='rgb24'), key))
    return found


def judge_frames(video: CompressedVideo, frames: list[tuple[np.ndarray, bool]]) -> str:
    """'right', or what is not."""
    if video.num_frames != len(frames):
        return f'WRONG: {video.num_frames} frames of {len(frames)}'
    order = list(range(len(frames)))
    random.Random(1).shuffle(order)
    for number in order:
        try:
            (found,) = video.read(rgb=[number]).rgb
        except VideoError as error:
            return f'refused: {error.reason}'
        if not np.array_equal(found, frames[number][0]):
            return f'WRONG: frame {number}'
    return 'right' if len(frames) == NUM_FRAMES else f'right, {len(frames)} of {NUM_FRAMES} come out'


def judge_keyframes(video: CompressedVideo, frames: list[tuple[np.ndarray, bool]]) -> str:
    """Whether they are the decoder's."""
    try:
        found = video.keyframes.tolist()
    except VideoError as error:
        return f'refused: {error.reason}'
    flagged = [number for number, (_, key) in enumerate(frames) if key]
    if found == flagged:
        return "the decoder's"
    if not flagged:
        return 'by the container, decoded alone'
    return f'WRONG: {found} of {flagged}' if set(found) - set(flagged) else "the decoder's that decode alone"


def judge_vectors(video: CompressedVideo) -> str:
    """Whether valid vectors are those of the pan, whole steps of it, to the past; and what is invalid."""
    try:
        types = video.frame_types
        field = video.read(motion=range(video.num_frames)).motion
    except VideoError as error:
        return f'refused: {error.reason}'
    verdicts = []
    for kind in 'PB':
        numbers = [number for number, found in enumerate(types) if found == kind]
        if not numbers:
            continue
        valid = field.valid[numbers]
        if not valid.any():
            reasons = {field.missing[number] or 'no block' for number in numbers}
            verdicts.append(f'{kind} invalid: {"; ".join(sorted(reasons))}')
            continue
        vectors = field.vectors[numbers][valid] / QUARTERS
        steps = np.rint(vectors @ STEP / (STEP @ STEP))
        right = (np.abs(vectors - steps[:, None] * STEP).max(axis=1) <= 0.5) & (steps >= 1)
        share = float(right.mean())
        verdicts.append(f'{kind} right' if share > RIGHT else f'{kind} WRONG: {share:.0%} are of the pan')
    return ', '.join(verdicts) or 'I-frames only'


RIGHT = 0.9  # of the valid vectors: an encoder may choose another block that looks alike


def examine(folder: Path, codec: str, container: str, variant: str, pictures: np.ndarray) -> Row | None:
    """The row of one kind of file; None where FFmpeg does not write it, or does not read it itself."""
    path = folder / f'pan.{MUXERS[container]}'
    try:
        write(path, container, codec, variant, pictures)
        frames = plain(str(path))
    except Exception:  # whatever PyAV raises of what does not go together
        return None
    if not frames:
        return None
    try:
        with CompressedVideo(path, block=16) as video:
            found = judge_frames(video, frames), judge_keyframes(video, frames), judge_vectors(video)
            return Row(codec, variant, container, *found)
    except VideoError as error:
        return Row(codec, variant, container, f'refused: {error.reason}', '', '')


def sweep(codecs: list[str]) -> Iterator[Row]:
    """Rows of all containers and variants of some encoders."""
    pictures = pan()
    with tempfile.TemporaryDirectory() as folder:
        for codec in codecs:
            for variant in VARIANTS:
                if variant == 'interlaced' and codec not in CODED_INTERLACED:
                    continue
                for container in MUXERS:
                    row = examine(Path(folder), codec, container, variant, pictures)
                    if row is not None:
                        yield row


def table(rows: list[Row]) -> list[str]:
    """Lines of Markdown; containers with the same outcome share one, and variants that changed nothing are left out."""
    together: dict[tuple[str, str, str, str], dict[str, list[str]]] = {}
    for row in rows:
        outcome = row.codec, row.frames, row.keyframes, row.vectors
        together.setdefault(outcome, {}).setdefault(row.variant, []).append(row.container)
    lines = ['| encoder | streams and containers | frames | key frames | vectors |', '|---|---|---|---|---|']
    for (codec, frames, keyframes, vectors), variants in together.items():
        same: dict[tuple[str, ...], list[str]] = {}
        for variant, containers in variants.items():
            same.setdefault(tuple(containers), []).append(variant)
        where = '; '.join(f'{", ".join(kinds)}: {" ".join(containers)}' for containers, kinds in same.items())
        lines.append(f'| {codec} | {where} | {frames} | {keyframes} | {vectors} |')
    return lines


def main() -> None:
    logging.disable(logging.CRITICAL)
    rows = list(sweep(encoders()))
    wrong = [row for row in rows if 'WRONG' in ''.join((row.frames, row.keyframes, row.vectors))]
    refused = [row for row in rows if 'refused' in row.frames]
    text = [
        '# What was written, read back and compared',
        '',
        "Every encoder of PyAV's FFmpeg wrote a pan of known motion, "
        f'{NUM_FRAMES} frames with an I-frame every 5, in every container that the reader accepts. Frames were read '
        'one by one in shuffled order and are each equal to a plain decode. Key frames are those that the decoder '
        'flags, or those of the container if the decoder flags none; each was seen to decode alone. Vectors are whole '
        "multiples of the pan's motion, to the past. `tests/video/format_sweep.py` writes this page.",
        '',
        f'PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}: {len(rows)} kinds of files, {len(wrong)} wrong, '
        f'{len(refused)} whose frames are refused.',
        '',
        *table(rows),
        '',
    ]
    Path(__file__).parents[2].joinpath('docs', 'formats.md').write_text('\n'.join(text))
    print(f'{len(rows)} kinds of files, {len(wrong)} wrong, {len(refused)} whose frames are refused')
    for row in wrong:
        print(row)


if __name__ == '__main__':
    main()
