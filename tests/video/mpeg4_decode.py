"""A second way to what MPEG-4 Part 2 decodes to: whole macroblocks, and the standard's prediction of each frame."""

from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from av.codec import CodecContext

from cmvl_mm.bitstream.bits import BitReader
from cmvl_mm.bitstream.mpeg4_headers import parse_layer, states_layer, whole_macroblocks
from cmvl_mm.bitstream.mpeg4_vops import parse_vop_start
from cmvl_mm.video.decoder_options import configure
from cmvl_mm.video.held import padded_packet
from cmvl_mm.video.prediction import chroma_sources, luma_sources, predict

EDGES = 16, 8, 8


def decode_whole(header: bytes, packets: Any) -> Iterator[list[np.ndarray]]:
    """Luma, Cb and Cr of every frame, with what lies beyond the edges of the picture.

    Without ``bitexact``, FFmpeg's filters for x86 are one off where a sample of 0 is rounded down.
    """
    context = CodecContext.create('mpeg4', 'r')
    context.extradata = whole_macroblocks(header)
    configure(context, 'pixels')
    context.options = dict(context.options) | {'flags': '+unaligned+bitexact'}
    layer = parse_layer(context.extradata)
    for packet in packets:
        data = bytes(packet)
        if states_layer(data):  # it would set the size again
            data = whole_macroblocks(data)
        (frame,) = context.decode(padded_packet(data))
        assert (frame.height, frame.width) == (layer.height, layer.width)
        widths = layer.width, layer.width // 2, layer.width // 2
        lines = [np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size) for plane in frame.planes]
        yield [plane[:, :width].copy() for plane, width in zip(lines, widths, strict=True)]


def packets_of_stream(path: Any) -> tuple[bytes, list[bytes]]:
    """The header of an MPEG-4 stream, and its packets."""
    with av.open(str(path)) as container:
        return container.streams.video[0].codec_context.extradata, [
            bytes(packet) for packet in container.demux(video=0) if packet.size
        ]


def predicted_frame(reference: list[np.ndarray], vectors: np.ndarray, rounding: int) -> list[np.ndarray]:
    """From quarter pixels: (Hb, Wb, 2) of macroblocks."""
    luma, *chroma = reference
    sources = chroma_sources(vectors, half_sample=True)
    return [
        predict(luma, luma_sources(vectors), 16, rounding=rounding),
        *(predict(plane, sources, 8, rounding=rounding) for plane in chroma),
    ]


_OF_FOUR = np.array([0, 0, 0, *[1] * 11, 2, 2])  # Table 7-10: sixteenths of a chroma sample -> halves


def predicted_of_four(reference: list[np.ndarray], vectors: np.ndarray, rounding: int) -> list[np.ndarray]:
    """From quarter pixels: (2 Hb, 2 Wb, 2), four vectors a macroblock."""
    luma, *chroma = reference
    halves = vectors.astype(int) // -2
    sums = halves.reshape(len(halves) // 2, 2, -1, 2, 2).sum(axis=(1, 3))  # sixteenths of a chroma sample
    sources = 4 * (_OF_FOUR[sums % 16] + 2 * (sums // 16))
    return [
        predict(luma, luma_sources(vectors), 8, rounding=rounding),
        *(predict(plane, sources, 8, rounding=rounding) for plane in chroma),
    ]


def rounding_of(header: bytes, packet: bytes) -> int:
    """vop_rounding_type of a P-VOP."""
    bits = BitReader(packet[packet.index(b'\0\0\1\xb6') + 4 :][:40])
    assert parse_vop_start(parse_layer(header), bits)[0] == 1
    return bits.u(1)


def count_differences(path: Any, residuals: Any, quarters: np.ndarray | None = None) -> int:
    """Samples in which prediction + residual, clipped, is not the decoded picture.

    Args:
        residuals: of all frames of the file, of 16 bits.
        quarters: (n, 2 Hb, 2 Wb, 2) vectors of every 8x8 px, where macroblocks have more than one.
    """
    header, packets = packets_of_stream(path)
    wrong, before = 0, None
    for number, decoded in enumerate(decode_whole(header, packets)):
        valid = residuals.predicted[number]
        if valid.any():
            rounding = rounding_of(header, packets[number])
            if quarters is None:
                prediction = predicted_frame(before, residuals.motion.vectors[number], rounding)
            else:
                prediction = predicted_of_four(before, quarters[number], rounding)
        else:
            prediction = [np.zeros_like(plane) for plane in decoded]
        found = residuals.y[number], residuals.u[number], residuals.v[number]
        for plane, residual, whole, edge in zip(prediction, found, decoded, EDGES, strict=True):
            inside = slice(residual.shape[0]), slice(residual.shape[1])
            here = np.where(valid.repeat(edge, axis=0).repeat(edge, axis=1), plane, 0)[inside]
            wrong += int((np.clip(here + residual, 0, 255) != whole[inside]).sum())
        before = decoded
    return wrong
