"""Streams that only a decode can index: every read is a frame of the plain sequential decode, or an error."""

import logging

import av
import numpy as np
import pytest
from plain_decode import check_random_reads, decode_plainly, decode_reference
from video_files import encode_clip, remux, repacked

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, VideoError, exact, exact_packets, index_store, truth

NUM_FRAMES = 40  # of every clip in conftest.py
IRREGULAR = ['mpeg4_b', 'mpeg4_b_avi', 'mpeg2_ts', 'h264_open', 'h264_open_ts', 'h264_raw', 'h264_refresh', 'hevc_b']


def test_open_gop_frames_before_the_key_frame_come_from_the_gop_before(clips):
    for name in ('h264_open', 'h264_open_ts'):
        rgb, *_ = decode_reference(clips(name))
        with CompressedVideo(clips(name)) as video:
            key = int(video.keyframes[1])
            position = video._decoder.position
            leading = [number for number in range(key) if position[number] > position[key]]
            assert leading, 'the clip has no open GOP'
            wanted = [leading[-1], key, key + 1]
            np.testing.assert_array_equal(video.read(rgb=wanted).rgb, rgb[wanted])


def test_vp8_frames_that_are_never_shown_do_not_count(clips, tmp_path):
    """Reference frames of VP8 may be hidden: bit 4 of the packet says so."""

    def hide(number, packet):
        data = bytes(packet)
        return [repacked(packet, bytes([data[0] & ~0x10]) + data[1:] if number == 7 else data)]

    path = remux(clips('vp8'), tmp_path / 'hidden.webm', hide)
    assert len(decode_plainly(path)) == NUM_FRAMES - 1
    check_random_reads(path, motion=False)


def test_a_transport_stream_cut_inside_an_open_gop_starts_at_its_first_key_frame(clips, tmp_path):
    keys = []

    def from_the_second_key_frame(number, packet):
        keys.extend([number] * packet.is_keyframe)
        return [packet] if len(keys) > 1 else []

    check_random_reads(remux(clips('h264_open_ts'), tmp_path / 'cut.ts', from_the_second_key_frame), motion=True)


def test_odd_start_time(tmp_path):
    pan = make_pan(displacement=(2, 1), num_frames=30, height=64, width=80)
    for suffix in ('.mp4', '.mkv', '.ts'):
        options = {'x264-params': 'keyint=12:bframes=2:b-adapt=0'}
        stamps = range(977, 977 + 30)
        path = encode_clip(tmp_path / f'late{suffix}', pan.frames, 'libx264', options, stamps=stamps)
        check_random_reads(path, motion=True, rounds=3)


@pytest.mark.parametrize('name', ['mpeg4', 'h264', 'h264_b'])
def test_an_edit_list_that_cuts_the_start_off(clips, tmp_path, name):
    as_it_is = {'avoid_negative_ts': 'disabled'}
    five_earlier = lambda _, packet: [repacked(packet, later=-5, lead=5)]  # noqa: E731
    path = remux(clips(name), tmp_path / 'edited.mp4', five_earlier, container_options=as_it_is)
    assert len(decode_plainly(path)) == NUM_FRAMES - 5, 'FFmpeg honours the edit list'
    check_random_reads(path, motion=True)


@pytest.mark.parametrize('name', IRREGULAR)
def test_frames_alone_and_backwards_are_those_of_a_plain_decode(clips, monkeypatch, name):
    """With packets kept in memory, and read again by the container's seek."""
    path = clips(name)
    rgb, *_ = decode_reference(path)
    for kept in (exact_packets.KEPT, 0):
        monkeypatch.setattr(exact_packets, 'KEPT', kept)
        index_store._known.clear()
        with CompressedVideo(path) as video:
            assert video._decoder.truth is not None
            for number in [*range(NUM_FRAMES - 1, -1, -3), 30, 5, 13]:
                np.testing.assert_array_equal(video.read(rgb=[number]).rgb, rgb[[number]], str(number))


def test_few_packets_are_decoded_for_a_frame_behind_many(tmp_path, monkeypatch):
    """Starts are used where they prove right: a read does not decode from the start of the file."""
    pan = make_pan(displacement=(2, 1), num_frames=100, height=64, width=80)
    path = encode_clip(tmp_path / 'long.ts', pan.frames, 'libx264', {'x264-params': 'keyint=10:bframes=2:open-gop=1'})
    fed = []
    original = exact.ExactReader._fed

    def counted(self, start):
        for packet in original(self, start):
            fed.append(start)
            yield packet

    monkeypatch.setattr(exact.ExactReader, '_fed', counted)
    with CompressedVideo(path) as video:
        video.read(rgb=[95])
        assert 0 < len(fed) <= 16
        fed.clear()
        video.read(rgb=range(100))
        assert len(fed) == 100, 'each packet is decoded once'


def test_a_start_that_gives_other_frames_is_given_up(clips, monkeypatch):
    """As where a decoder keeps more than a flush clears: the frames seem to differ from the start at 12 on."""
    path = clips('h264_open_ts')
    rgb, *_ = decode_reference(path)
    right, refused = exact.pixel_digest, []
    with CompressedVideo(path) as video:
        reader_starts = None
        video.read(rgb=[0])
        reader = video._decoder.reader
        reader_starts = reader._starts.positions
        assert len(reader_starts) >= 3
        begun = []
        run = reader._run
        monkeypatch.setattr(
            reader, '_run', lambda start, fresh: begun.append((start, fresh)) or run(start, fresh=fresh)
        )

        def wrong(frame, converter):
            if begun[-1][0] == reader_starts[2]:
                refused.append(begun[-1])
                return 0
            return right(frame, converter)

        monkeypatch.setattr(exact, 'pixel_digest', wrong)
        number = int(reader._starts.numbers[2]) + 3
        np.testing.assert_array_equal(video.read(rgb=[number]).rgb, rgb[[number]])
        assert refused == [(reader_starts[2], False), (reader_starts[2], True)]
        assert begun[-1][0] == reader_starts[1]
        refused.clear()
        np.testing.assert_array_equal(video.read(rgb=[number]).rgb, rgb[[number]])
        assert not refused, 'it is not tried again'


def test_a_frame_that_never_comes_again_is_an_error(clips, monkeypatch):
    with CompressedVideo(clips('h264_open')) as video:
        video.read(rgb=[0])
        monkeypatch.setattr(exact, 'pixel_digest', lambda frame, converter: 0)
        with pytest.raises(VideoError, match='differs from what it was when the file was indexed'):
            video.read(rgb=[30])


def test_key_frames_are_seen_to_decode_alone(clips, tmp_path):
    """In .mp4 and .ts the container flags pictures of an intra refresh; what depends on others is no key frame."""
    path = clips('h264_refresh')
    with CompressedVideo(path) as video:
        before = video.keyframes.tolist()
        video.read(rgb=[30], motion=[20])
        assert before == video.keyframes.tolist() == [0]
    with av.open(str(path)) as container:
        assert sum(packet.is_keyframe for packet in container.demux(video=0)) > 1
    with CompressedVideo(clips('h264_open')) as video:
        assert video.keyframes.tolist() == [
            n for n, frame in enumerate(decode_plainly(clips('h264_open'))) if frame.key_frame
        ]


def test_decoders_that_name_no_key_frames_are_asked_packet_by_packet(tmp_path):
    """MS Video 1 keeps what it does not code: only the first picture decodes alone, whatever the container says."""
    frames = np.repeat(make_pan(displacement=(3, 1), num_frames=12, height=64, width=80).frames[:, :32], 2, axis=1)
    frames[:, 32:] = frames[:1, 32:]
    path = tmp_path / 'flags.avi'
    with av.open(str(path), 'w') as sink:
        stream = sink.add_stream('msvideo1', rate=25)
        stream.width, stream.height, stream.pix_fmt = 80, 64, 'rgb555le'
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24').reformat(format='rgb555le')
            frame.pts = number
            for packet in stream.encode(frame):
                packet.is_keyframe = True
                sink.mux(packet)
    with CompressedVideo(path) as video:
        assert video.num_frames == 12
        assert video.keyframes.tolist() == [0]
        video.verify()


def test_what_the_index_cost_is_said_once_a_file_and_loudly_once_a_process(clips, caplog):
    index_store._told.clear()
    with caplog.at_level(logging.INFO):
        for name in ('h264_raw', 'mpeg2_ts'):
            index_store._known.clear()
            for _ in range(2):
                with CompressedVideo(clips(name)) as video:
                    video.read(rgb=[1])
                    video.read(rgb=[2])
    assert [record.levelname for record in caplog.records] == ['WARNING', 'INFO']
    for record, name in zip(caplog.records, ('h264_raw', 'mpeg2_ts'), strict=True):
        assert str(clips(name)) in record.getMessage()
        assert '40 frames' in record.getMessage()


def test_an_index_beside_the_video_spares_the_decode(clips, tmp_path, monkeypatch):
    path = tmp_path / 'open.ts'
    path.write_bytes(clips('h264_open_ts').read_bytes())
    with CompressedVideo(path, keep_index=True) as video:
        keyframes, types = video.keyframes.tolist(), video.frame_types
    beside = tmp_path / f'open.ts{index_store.SUFFIX}'
    assert beside.is_file()

    index_store._known.clear()
    with monkeypatch.context() as patch:
        patch.setattr(exact, 'find_truth', None)
        with CompressedVideo(path) as video:
            assert (video.keyframes.tolist(), video.frame_types) == (keyframes, types)
            np.testing.assert_array_equal(video.read(rgb=[33]).rgb, decode_reference(path)[0][[33]])

    path.write_bytes(clips('mpeg2_ts').read_bytes())
    assert index_store.load(str(path)) is None, 'it is of another file'

    path.write_bytes(clips('h264_open_ts').read_bytes())
    beside.write_bytes(beside.read_bytes()[:200])
    index_store._known.clear()
    with CompressedVideo(path, keep_index=True) as video:  # logged, and made again
        assert video.frame_types == types
    assert index_store.load(str(path)).num_frames == NUM_FRAMES


def test_damage_reaches_what_is_decoded_behind_it_up_to_the_next_whole_picture():
    sound = (False, False)
    whole, corrupt = (True, False), (False, True)

    def damaged(positions, states, faults=(), begins_whole=False):
        return truth._damaged(np.array(positions), states, list(faults), begins_whole).tolist()

    assert damaged([0, 1, 2, 3, 4], [whole, sound, corrupt, sound, whole]) == [False, False, True, True, False]
    # Display order I B P: the B-frame is decoded behind the damaged P-frame.
    assert damaged([0, 2, 1], [whole, sound, corrupt]) == [False, True, True]
    # An open GOP: frame 2 is displayed before the key frame 3 and decoded after it.
    assert damaged([0, 1, 3, 2, 4], [whole, corrupt, sound, whole, sound]) == [False, True, True, False, False]
    assert damaged([0, 1, 3, 2, 4], [whole, sound, corrupt, whole, sound]) == [False, False, True, False, False]
    # A refused packet gives no frame: what follows may build on it.
    assert damaged([0, 1, 3, 4], [whole, sound, sound, whole], faults=[2]) == [False, False, True, False]
    assert damaged([0, 1], [sound, whole]) == [True, False]
    assert damaged([3, 2], [sound, sound], begins_whole=True) == [False, False]


def test_frames_have_positions_where_each_comes_from_a_packet_of_its_own():
    def has_positions(*positions):
        frames = np.zeros(len(positions), truth.FRAME)
        frames['position'] = positions
        return truth.Truth(packets=np.zeros(9, truth.PACKET), frames=frames, faults=()).has_positions

    assert has_positions(0)
    assert has_positions(0, 3, 1, 2)
    assert has_positions(5, 2)
    assert not has_positions(-1, 0, 1)
    assert not has_positions(2, 0, 2)
