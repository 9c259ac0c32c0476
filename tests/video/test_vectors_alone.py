"""Decoding for vectors alone skips pixels and changes no vector; it sees the damage that vectors can suffer."""

from dataclasses import replace
from itertools import islice

import av
import numpy as np
import pytest
from plain_decode import decode_reference
from video_files import packets_of

from cmvl_mm.bitstream.mpeg4_vops import is_intra_mpeg4
from cmvl_mm.video import CompressedVideo, VideoError, passes
from cmvl_mm.video.columns import RECORD
from cmvl_mm.video.container import open_video
from cmvl_mm.video.decoder_options import CHEAPER_FOR_VECTORS, configure
from cmvl_mm.video.lone import LoneDecoder
from cmvl_mm.video.passes import WORTH_A_READER, Pass, plan_passes
from cmvl_mm.video.raster import rasterise
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.seal import SEAL_SIZE, read_seal, write_seal
from cmvl_mm.video.second_decoders import vector_decoder

NUM_FRAMES = 40  # of every clip in conftest.py


@pytest.fixture
def decoded(monkeypatch):
    """What was decoded how: 'pixels' and 'vectors' by whole runs, 'alone' by a frame's own packet."""
    monkeypatch.setattr(passes, 'WORTH_A_READER', 1)  # short reads, too, open a reader for vectors
    asked = []
    run, alone = StreamReader.decode_from, StreamReader.decode_vectors

    def counting_run(self, start, *stop):
        for frame in run(self, start, *stop):
            asked.append(self.decoding)
            yield frame

    def counting_alone(self, start, position):
        asked.append('alone')
        return alone(self, start, position)

    monkeypatch.setattr(StreamReader, 'decode_from', counting_run)
    monkeypatch.setattr(StreamReader, 'decode_vectors', counting_alone)
    return asked


def test_vectors_alone_equal_those_of_a_full_decode(variant, decoded):
    path, has_vectors = variant
    if not has_vectors:
        with CompressedVideo(path) as video:
            assert video.codec not in CHEAPER_FOR_VECTORS
        return
    _, vectors, valid, _ = decode_reference(path)
    with CompressedVideo(path, block=8) as video:
        field = video.read(motion=range(NUM_FRAMES)).motion
        assert video.codec in CHEAPER_FOR_VECTORS
    assert 'pixels' not in decoded
    np.testing.assert_array_equal(field.vectors, vectors)
    np.testing.assert_array_equal(field.valid, valid)


def test_prepared_videos_decode_each_packet_once_and_no_i_frame_for_its_vectors(clips, decoded):
    """GOP 12: key frames in full, the rest each by itself; windows skip whatever lies before them."""
    rgb, vectors, valid, _ = decode_reference(clips('mpeg4'))
    with CompressedVideo(clips('mpeg4'), block=8) as video:
        keyframes = video.keyframes
        frames, field = video.read(rgb=keyframes, motion=range(NUM_FRAMES))
        assert (decoded.count('pixels'), decoded.count('alone')) == (len(keyframes), NUM_FRAMES - len(keyframes))
        np.testing.assert_array_equal(frames, rgb[keyframes])
        np.testing.assert_array_equal(field.vectors, vectors)
        np.testing.assert_array_equal(field.valid, valid)

        decoded.clear()
        wanted = [30, 7, 22, 23, 24, 25, 10, 7]  # 24 is an I-frame
        frames, field = video.read(rgb=[2, 22], motion=wanted)
        assert (decoded.count('pixels'), decoded.count('alone')) == (3 + 11, 6)  # 0-2 and 12-22; 7, 10, 23-25 and 30
        np.testing.assert_array_equal(frames, rgb[[2, 22]])
        np.testing.assert_array_equal(field.vectors, vectors[wanted])
        np.testing.assert_array_equal(field.valid, valid[wanted])


def test_vectors_of_one_packet_do_not_depend_on_what_was_decoded_before(clips):
    """In any order, without any I-frame, every field of every record equals that of a sequential decode."""
    with av.open(str(clips('mpeg4'))) as container:
        stream = container.streams.video[0]
        configure(stream.codec_context, 'pixels')
        records = {frame.pts: np.frombuffer(records_of(frame), RECORD).tolist() for frame in container.decode(stream)}
    container, stream = open_video(str(clips('mpeg4')))
    alone = vector_decoder(stream)
    packets = [packet for packet in container.demux(stream) if packet.size]
    assert [is_intra_mpeg4(packet) for packet in packets] == [packet.is_keyframe for packet in packets]
    predicted = [packet for packet in packets if not packet.is_keyframe]
    for number in np.random.default_rng(0).permutation(len(predicted)):
        (frame,) = alone.decode(predicted[number])
        assert frame.pts == predicted[number].pts
        assert not frame.is_corrupt
        assert np.frombuffer(records_of(frame), RECORD).tolist() == records[frame.pts]
    container.close()


def test_a_gop_whose_pixels_are_wanted_is_decoded_once(clips, decoded):
    """In H.264, where a second decoder would decode its costly I-frame again."""
    rgb, vectors, _, _ = decode_reference(clips('h264'))
    with CompressedVideo(clips('h264')) as video:
        frames, field = video.read(rgb=[0], motion=range(NUM_FRAMES))
    np.testing.assert_array_equal(frames, rgb[[0]])
    np.testing.assert_array_equal(field.vectors, vectors)
    assert (decoded.count('pixels'), decoded.count('vectors')) == (12, NUM_FRAMES - 12)


def test_a_few_frames_are_not_worth_a_second_reader(clips):
    with CompressedVideo(clips('h264')) as video:
        few, many = set(range(WORTH_A_READER - 1)), set(range(WORTH_A_READER))
        index = replace(video._decoder.index)  # the decoder's own is kept for other readers
        index.__dict__['_start_numbers'] = [0] * 100  # as if it were one long GOP
        assert plan_passes(index, set(), few) == [Pass('pixels', frozenset(), frozenset(few))]
        assert plan_passes(index, set(), many) == [Pass('vectors', frozenset(), frozenset(many))]


def test_pixels_can_be_read_after_vectors_alone_and_vectors_after_pixels(clips):
    """The first read sets the decoder up; a later one that wants the other gets a decoder of its own."""
    rgb, vectors, _, _ = decode_reference(clips('h264'))
    with CompressedVideo(clips('h264')) as video:
        for _ in range(2):
            field = video.read(motion=range(NUM_FRAMES)).motion
            np.testing.assert_array_equal(field.vectors, vectors)
            frames = video.read(rgb=[30, 5]).rgb
            np.testing.assert_array_equal(frames, rgb[[30, 5]])


def test_a_decoder_that_skips_pixels_was_really_told_to(clips):
    """Else the tests above compare a full decode with itself."""
    for name in ('mpeg4', 'h264'):
        pictures = []
        for decoding in ('pixels', 'vectors'):
            container, stream = open_video(str(clips(name)))
            configure(stream.codec_context, decoding)
            pictures.append([np.array(frame.planes[0]) for frame in container.decode(stream)])
            container.close()
        full, cheap = pictures
        assert len(full) == len(cheap) == NUM_FRAMES
        assert (full[5] != cheap[5]).any()


def verdict(path, **wanted):
    """The stage of the error that a read ends in, or the vectors that it gives."""
    try:
        with CompressedVideo(path, block=8) as video:
            return video.read(**wanted).motion.vectors.tolist()
    except VideoError as error:
        return error.stage


def damaged_copies(whole, path, count=25, bits=3):
    """The same file, again and again with a few other bits turned."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        data = bytearray(whole.read_bytes())
        for offset in rng.integers(2000, len(data) - 2000, bits):
            data[offset] ^= 1 << rng.integers(8)
        path.write_bytes(data)
        yield path


@pytest.mark.parametrize('name', ['h264', 'h264_b'])
def test_both_ways_of_decoding_see_the_same_damage(clips, tmp_path, name, decoded):
    found = []
    for path in damaged_copies(clips(name), tmp_path / clips(name).name):
        alone, with_pixels = verdict(path, motion=[20]), verdict(path, rgb=[20], motion=[20])
        assert alone == with_pixels
        found.append(alone)
    assert {'pixels', 'vectors'} <= set(decoded)
    assert 'decode' in found, 'no damage was seen'
    assert any(isinstance(outcome, list) for outcome in found), 'nothing was read'


def test_a_packets_vectors_are_right_if_it_is_whole_whatever_befell_the_others(clips, tmp_path):
    """A damaged one is an error, or, where FFmpeg sees no damage, what any fresh decoder makes of it."""
    _, vectors, *_ = decode_reference(clips('mpeg4'))
    whole = packets_of(clips('mpeg4'))
    outcomes = []
    for path in damaged_copies(clips('mpeg4'), tmp_path / 'damaged.mp4', count=60):
        packets = packets_of(path)
        for number in (14, 20, 23):
            found = verdict(path, motion=[number])
            touched = packets[number] != whole[number]
            if touched and found != 'decode':
                assert found == lone_vectors(path, number)
            elif not touched:
                assert found == vectors[[number]].tolist()
            outcomes.append((touched, found == 'decode', verdict(path, rgb=[number]) == 'decode'))
    assert (True, True, True) in outcomes, 'no damage was seen'
    assert (False, False, True) in outcomes, 'no damage before the frame was passed over'


def test_whether_a_packet_is_flagged_does_not_depend_on_those_before(clips, tmp_path):
    """With FFmpeg's search for encoders' bugs on, a decoder that has seen few whole frames lets more damage pass."""
    flagged = 0
    for path in damaged_copies(clips('mpeg4'), tmp_path / 'damaged.mp4', count=30, bits=60):
        container, stream = open_video(str(path))
        one_for_all = LoneDecoder(stream)
        for packet in (packet for packet in container.demux(stream) if packet.size and not is_intra_mpeg4(packet)):
            verdicts = [flags(decoder, packet) for decoder in (one_for_all, vector_decoder(stream))]
            assert verdicts[0] == verdicts[1]
            flagged += verdicts[0] != [False]
        container.close()
    assert flagged > 300


def test_a_damaged_header_changes_no_other_packet(clips, tmp_path):
    """FFmpeg infers from it that times are coded in another number of bits, in all later packets; it flags nothing."""
    _, vectors, *_ = decode_reference(clips('mpeg4'))
    with av.open(str(clips('mpeg4'))) as container:
        offset = [packet.pos for packet in container.demux(video=0) if packet.size][14] + 4
    data = bytearray(clips('mpeg4').read_bytes())
    data[offset] ^= 0b00100000  # the first bit of modulo_time_base
    path = tmp_path / 'damaged.mp4'
    path.write_bytes(data)
    with CompressedVideo(path, block=8) as video:
        video.read(motion=[14])
        for number in (15, 16, 17, 23, 13):
            np.testing.assert_array_equal(video.read(motion=[number]).motion.vectors, vectors[[number]])


def flags(decoder, packet):
    try:
        return [frame.is_corrupt for frame in decoder.decode(packet)]
    except av.FFmpegError as error:
        return type(error).__name__


def records_of(frame):
    entry = frame.side_data.get('MOTION_VECTORS')
    return b'' if entry is None else bytes(entry)


def lone_vectors(path, number):
    """What a decoder that has seen nothing else makes of one packet."""
    container, stream = open_video(str(path))
    packet = next(islice((packet for packet in container.demux(stream) if packet.size), number, None))
    (frame,) = vector_decoder(stream).decode(packet)
    assert not frame.is_corrupt
    found, _ = rasterise([records_of(frame)], stream.height, stream.width, 8)
    container.close()
    return found.tolist()


def test_other_encoders_bugs_keep_their_streams_from_it(clips, tmp_path, decoded):
    """The same stream under another encoder's name is decoded from its key frames on."""
    path = tmp_path / 'other.mp4'
    data = clips('mpeg4').read_bytes()
    assert b'Lavc' in data
    path.write_bytes(data[:-SEAL_SIZE].replace(b'Lavc', b'XviD'))
    write_seal(str(path), read_seal(clips('mpeg4')))
    _, vectors, *_ = decode_reference(clips('mpeg4'))
    with CompressedVideo(path, block=8) as video:
        np.testing.assert_array_equal(video.read(motion=[20]).motion.vectors, vectors[[20]])
    assert decoded == ['vectors'] * 9  # 12 ... 20
