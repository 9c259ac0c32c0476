"""Display order and key frames, in files that make it hard; a wrong index is found out, never believed."""

import logging
from types import SimpleNamespace

import av
import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, VideoError, container, decoder, reader

NUM_FRAMES = 40  # of every clip in conftest.py


def test_open_gop_frames_before_the_key_frame_come_from_the_gop_before(clips, reference):
    for name in ('h264_open', 'h264_open_ts'):
        path = clips(name)
        rgb, *_ = reference(path)
        with CompressedVideo(path) as video:
            index = video._decoder.index
            key = int(video.keyframes[1])
            leading = [n for n in range(key) if index.position[n] > index.position[key]]
            assert leading, 'the clip has no open GOP'
            frames, _ = video.read(rgb=[leading[-1], key, key + 1])
            video.read(rgb=[key])
            assert video._decoder.index is index, 'the index was given up'
        np.testing.assert_array_equal(frames, rgb[[leading[-1], key, key + 1]])


def test_vp8_frames_that_are_never_shown_do_not_count(clips, tmp_path, check_reads, plain_frames):
    """Reference frames of VP8 may be hidden: bit 4 of the packet says so."""
    path = tmp_path / 'hidden.webm'
    with av.open(str(clips('vp8'))) as source, av.open(str(path), 'w') as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        for number, packet in enumerate(packet for packet in source.demux(stream) if packet.size):
            data = bytearray(bytes(packet))
            if number == 7:
                data[0] &= ~0x10
            hidden = av.Packet(bytes(data))
            hidden.pts, hidden.dts, hidden.time_base = packet.pts, packet.dts, packet.time_base
            hidden.is_keyframe, hidden.stream = packet.is_keyframe, copy
            sink.mux(hidden)
    assert len(plain_frames(path)) == NUM_FRAMES - 1
    check_reads(path, motion=False)


def test_avi_with_b_frames_is_known_to_have_no_usable_stamps_before_anything_is_decoded(clips):
    for name in ('h264_b_avi', 'mpeg4_b_avi'):
        with CompressedVideo(clips(name)) as video:
            assert not video._decoder.index.has_stamps
    with CompressedVideo(clips('mpeg4_avi')) as video:
        assert video._decoder.index.has_stamps


def test_frames_displayed_before_the_key_frame_are_passed_over(clips, monkeypatch, reference):
    """Decoders differ in whether they show the frames of an open GOP that lack their references."""
    original = reader.decode_strictly

    def with_leading_frame(path, stream, packets):
        frames = iter(original(path, stream, packets))
        first = next(frames)
        yield container.DecodedFrame(SimpleNamespace(pts=first.frame.pts - 1), damaged=False)
        yield first
        yield from frames

    rgb, *_ = reference(clips('h264_open'))
    monkeypatch.setattr(reader, 'decode_strictly', with_leading_frame)
    with CompressedVideo(clips('h264_open')) as video:
        index = video._decoder.index
        np.testing.assert_array_equal(video.read(rgb=[30])[0], rgb[[30]])
        assert video._decoder.index is index, 'the index was given up'


def test_a_transport_stream_cut_inside_an_open_gop_starts_at_its_first_key_frame(clips, tmp_path, check_reads):
    path = tmp_path / 'cut.ts'
    with av.open(str(clips('h264_open_ts'))) as source, av.open(str(path), 'w') as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        keys = 0
        for packet in source.demux(stream):
            keys += packet.is_keyframe
            if keys > 1 and packet.size:
                packet.stream = copy
                sink.mux(packet)
    check_reads(path, motion=True)


def test_odd_start_time(tmp_path, check_reads, encode):
    pan = make_pan(displacement=(2, 1), num_frames=30, height=64, width=80)
    for suffix in ('.mp4', '.mkv', '.ts'):
        options = {'x264-params': 'keyint=12:bframes=2:b-adapt=0'}
        path = encode(tmp_path / f'late{suffix}', pan.frames, 'libx264', options, start=977)
        check_reads(path, motion=True, rounds=3)


def test_an_edit_list_that_cuts_the_start_off(clips, tmp_path, check_reads, reference):
    path = tmp_path / 'edited.mp4'
    with av.open(str(clips('mpeg4'))) as source:
        stream = source.streams.video[0]
        with av.open(str(path), 'w', options={'avoid_negative_ts': 'disabled'}) as sink:
            copy = sink.add_stream_from_template(stream)
            tick = None
            for packet in source.demux(stream):
                if packet.size:
                    tick = tick or packet.duration
                    packet.pts -= 5 * tick
                    packet.dts -= 5 * tick
                    packet.stream = copy
                    sink.mux(packet)
    rgb, *_ = reference(path)
    assert len(rgb) == NUM_FRAMES - 5, 'FFmpeg honours the edit list'
    check_reads(path, motion=True)


def test_the_header_is_believed_only_until_a_frame_contradicts_it(clips, monkeypatch, reference):
    """Each index is right or found out: a shifted one leads to a demux, no stamps at all to a plain decode."""
    path = clips('mpeg4')
    rgb, *_ = reference(path)
    wrong = decoder.index_from_header

    def shifted(*arguments):
        index = wrong(*arguments)
        index.pts[5:] += 1
        return index

    monkeypatch.setattr(decoder, 'index_from_header', shifted)
    with CompressedVideo(path) as video:
        frames, _ = video.read(rgb=[3, 8, 30])
        assert not video._decoder._may_use_header
    np.testing.assert_array_equal(frames, rgb[[3, 8, 30]])

    right = decoder.index_by_demux

    def permuted(*arguments):
        index = right(*arguments)
        index.pts[[6, 7]] = index.pts[[7, 6]]
        return index

    monkeypatch.setattr(decoder, 'index_by_demux', permuted)
    with CompressedVideo(path) as video:
        frames, _ = video.read(rgb=[3, 8, 30])
        assert not video._decoder.index.has_stamps
    np.testing.assert_array_equal(frames, rgb[[3, 8, 30]])


def test_decoding_from_the_start_is_logged_once_per_file(clips, caplog):
    path = clips('h264_raw')
    decoder._logged.clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with CompressedVideo(path) as video:
                video.read(rgb=[1])
                video.read(rgb=[2])
    assert [record.getMessage().count(str(path)) for record in caplog.records] == [1]


@pytest.mark.parametrize('name', ['h264', 'h264_open_ts', 'mpeg4_b_mkv'])
def test_a_small_files_packets_are_demuxed_once_and_a_large_ones_are_not_kept(clips, reference, monkeypatch, name):
    """With packets kept and not, frames are the same whatever was read before; with them kept, nothing is sought."""
    path = clips(name)
    rgb, *_ = reference(path)
    wanted = [30, 5, 13], [2, 39], [13, 14]
    seek, sought = reader.StreamReader._seek, []
    monkeypatch.setattr(reader.StreamReader, '_seek', lambda self, target: sought.append(target) or seek(self, target))
    for limit in (reader._KEPT, path.stat().st_size // 2):
        monkeypatch.setattr(reader, '_KEPT', limit)
        sought.clear()
        with CompressedVideo(path) as video:
            for indices in wanted:
                frames, _ = video.read(rgb=indices)
                np.testing.assert_array_equal(frames, rgb[indices])
            kept = video._decoder._first._kept
        assert (kept is None) == bool(sought) == (limit < path.stat().st_size)


def test_no_kept_packet_is_decoded_once_its_container_is_closed(clips):
    with CompressedVideo(clips('h264')) as video:
        video.read(rgb=[3])
        stream_reader = video._decoder._first
        stream_reader.rewind()
        assert stream_reader._kept is None
        video.read(rgb=[3])
    with pytest.raises(VideoError, match='closed'):
        video.read(rgb=[4])
