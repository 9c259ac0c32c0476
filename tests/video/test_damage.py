"""What cannot be read is one VideoError with path, stage and remedy; nothing is concealed."""

import os
import pickle
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from plain_decode import decode_plainly, decode_reference
from video_files import damage, remux, repacked

from cmvl_mm.video import CompressedVideo, FrameIndexError, SettingError, VideoError, container
from cmvl_mm.video.seal import SEAL_SIZE, Seal, write_seal

NUM_FRAMES = 40  # of every clip in conftest.py


def test_what_no_video_has_is_refused(clips):
    with CompressedVideo(clips('mpeg4')) as video:
        for index in (-1, NUM_FRAMES, 10**6):
            for kind in ('rgb', 'motion'):
                with pytest.raises(FrameIndexError, match=f'frame {index} is outside the video of 40 frames') as caught:
                    video.read(**{kind: [0, index]})
                assert isinstance(caught.value, VideoError)
                assert isinstance(caught.value, IndexError)
        for asked, told in (
            ([1.5], 'a display index is 1.5. Give a whole number for a display index'),
            (3, 'the display indices have type int: 3. Give a list, a range or an array'),
            ((number for number in [3]), 'the display indices have type generator'),
        ):
            for kind in ('rgb', 'motion'):
                with pytest.raises(SettingError, match=f'mpeg4.mp4: index: {told}'):
                    video.read(**{kind: asked})
    with pytest.raises(
        VideoError, match=r'closed before this read\. Read inside the with block, or open the video again'
    ):
        video.read(rgb=[0])
    for block in (0, 1.5, 'a'):
        with pytest.raises(SettingError, match=f'mpeg4.mp4: motion: block is {block!r}. Give '):
            CompressedVideo(clips('mpeg4'), block=block)


def test_codec_without_vectors_names_the_remedy(clips):
    with CompressedVideo(clips('hevc_b')) as video:
        assert video.codec == 'hevc'
        assert len(video.read(rgb=[3]).rgb) == 1
        with pytest.raises(VideoError, match=r'Re-encode with cmvl prepare') as caught:
            video.read(motion=[3])
    assert caught.value.stage == 'motion'
    assert 'cmvl prepare' in str(caught.value)


@pytest.mark.parametrize('kind', [VideoError, FrameIndexError])
def test_an_error_says_where_why_and_what_helps_and_crosses_processes(kind):
    general = kind(Path('/a b.mp4'), 'decode', 'frame 3 is damaged')
    special = kind('a.mp4', 'index', 'it is too wide', 'Use the profile small')
    assert str(general) == f'/a b.mp4: decode: frame 3 is damaged. {general.remedy}.'
    assert str(special) == 'a.mp4: index: it is too wide. Use the profile small.'
    for error in (general, special):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is kind
        assert vars(again) == vars(error)
        assert str(again) == str(error)


def test_what_is_no_video_is_refused_at_once(tmp_path, clips):
    (tmp_path / 'empty.mp4').touch()
    (tmp_path / 'garbage.mp4').write_bytes(np.random.default_rng(0).bytes(5000))
    whole = clips('mpeg4').read_bytes()
    (tmp_path / 'truncated.mp4').write_bytes(whole[: len(whole) // 2])  # loses the table at its end
    os.mkfifo(tmp_path / 'fifo.mp4')  # opening it would wait
    # Lists of other files, one of them under the name of a video.
    (tmp_path / 'mpeg2.ts').write_bytes(clips('mpeg2_ts').read_bytes())
    (tmp_path / 'list.m3u8').write_text('#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\nmpeg2.ts\n#EXT-X-ENDLIST\n')
    (tmp_path / 'list.mp4').write_text('ffconcat version 1.0\nfile mpeg2.ts\n')
    for name, reason in [
        ('missing.mp4', 'no such file'),
        ('empty.mp4', 'empty'),
        ('fifo.mp4', 'regular file'),
        ('', 'this is a folder'),
        ('garbage.mp4', 'Invalid data'),
        ('truncated.mp4', 'Invalid data'),
        ('list.m3u8', 'list.m3u8'),
        ('list.mp4', 'list.mp4'),
    ]:
        with pytest.raises(VideoError, match=reason) as caught:
            CompressedVideo(tmp_path / name)
        assert caught.value.stage == 'open', name
        assert str(caught.value).count(str(tmp_path / name)) == 1, name
        assert 'Errno' not in str(caught.value), name


def test_a_name_with_a_colon_is_a_file_all_the_same(clips, tmp_path, monkeypatch):
    (tmp_path / 'pipe:0.mp4').write_bytes(clips('mpeg4').read_bytes())
    monkeypatch.chdir(tmp_path)
    with CompressedVideo('pipe:0.mp4') as video:
        assert video.num_frames == NUM_FRAMES


@pytest.mark.parametrize('suffix', ['.mp4', '.avi', '.mkv'])
def test_a_container_without_frames(tmp_path, clips, suffix):
    path = tmp_path / f'none{suffix}'
    remux(clips('mpeg4'), path, lambda *_: [], prepare=lambda copy: copy.container.start_encoding())
    with pytest.raises(VideoError) as caught, CompressedVideo(path) as video:
        _ = video.num_frames
    assert caught.value.stage in ('open', 'index')


@pytest.mark.parametrize('cut', ['inside a packet', 'between packets'])
@pytest.mark.parametrize('name', ['mpeg4', 'h264'])
def test_a_file_cut_off_behind_its_table(clips, tmp_path, name, cut):
    """Fast-start files keep their table when their end is lost."""
    path = tmp_path / 'cut.mp4'
    whole = remux(clips(name), tmp_path / 'whole.mp4', container_options={'movflags': 'faststart'})
    with av.open(str(whole)) as source:
        packet = [packet for packet in source.demux(source.streams.video[0]) if packet.size][26]
        end = packet.pos + (packet.size // 2 if cut == 'inside a packet' else 0)
    path.write_bytes(whole.read_bytes()[:end])
    with CompressedVideo(path) as video:
        with pytest.raises(VideoError) as caught:
            video.verify()
        assert caught.value.stage in ('index', 'decode')
        with pytest.raises(VideoError):
            video.read(rgb=[NUM_FRAMES - 1])


@pytest.mark.parametrize('name', ['mpeg4', 'h264'])
def test_damage_on_the_way_to_a_frame_is_an_error_and_elsewhere_is_none(clips, tmp_path, name):
    path = damage(clips(name), tmp_path / 'damaged.mp4', frame=15)
    rgb, vectors, *_ = decode_reference(clips(name))
    with CompressedVideo(path, block=8) as video:
        np.testing.assert_array_equal(video.read(rgb=[14, 5]).rgb, rgb[[14, 5]])
        np.testing.assert_array_equal(video.read(rgb=[24, 30]).rgb, rgb[[24, 30]])
        for wanted in (15, 16, 23):  # frame 16 shows no damage of its own, but builds on frame 15
            with pytest.raises(VideoError) as caught:
                video.read(rgb=[wanted])
            assert caught.value.stage == 'decode'
            if name == 'mpeg4' and wanted != 15:  # where vectors build on no frame before
                np.testing.assert_array_equal(video.read(motion=[wanted]).motion.vectors, vectors[[wanted]])
                continue
            with pytest.raises(VideoError) as caught:
                video.read(motion=[wanted])
            assert caught.value.stage == 'decode'
        with pytest.raises(VideoError, match='frame 15') as caught:
            video.verify()
        assert caught.value.stage == 'decode'


def stage_of_failure(path):
    """The stage of the VideoError that some reads end in; None if all is well."""
    try:
        with CompressedVideo(path) as video:
            last = video.num_frames - 1
            video.read(rgb=[0, last], motion=[last // 2])
            assert video.keyframes.max() <= last
            video.verify()
    except VideoError as error:
        return error.stage
    return None


@pytest.mark.parametrize('name', ['mpeg4', 'h264_b', 'mpeg2_ts', 'h264_raw', 'mpeg4_b_avi'])
def test_random_damage_never_leads_to_another_exception(clips, tmp_path, name):
    rng = np.random.default_rng(3)
    whole = clips(name).read_bytes()
    stages = set()
    for number in range(12):
        data = bytearray(whole)
        for offset in rng.integers(0, len(data), 8):
            data[offset] = rng.integers(256)
        path = tmp_path / f'{number}{clips(name).suffix}'
        path.write_bytes(data)
        stages.add(stage_of_failure(path))
    assert stages <= {None, 'open', 'index', 'decode', 'motion'}
    assert stages & {'open', 'index', 'decode'}, 'all the damage went unnoticed'


@pytest.mark.parametrize('name', ['mpeg4_b', 'mpeg4_b_avi', 'h264_b', 'h264_raw'])
def test_b_frames_before_a_damaged_frame_that_they_depend_on_are_refused(clips, tmp_path, name):
    """FFmpeg flags the P-frame alone; B-frames are displayed before it and decoded after it. Two clips lack stamps."""
    path = tmp_path / clips(name).name
    for packet in range(23, 12, -1):
        damage(clips(name), path, frame=packet)
        frames = decode_plainly(path)
        flagged = next((number for number, frame in enumerate(frames) if frame.is_corrupt), 0)
        if flagged and frames[flagged].pict_type == PictureType.P and frames[flagged - 1].pict_type == PictureType.B:
            break
    else:
        pytest.fail('no flagged P-frame with B-frames before it')
    sound = max(number for number in range(flagged) if frames[number].pict_type != PictureType.B)
    rgb, *_ = decode_reference(clips(name))
    with CompressedVideo(path) as video:
        for number in range(sound + 1, flagged + 1):
            for wanted in (dict(rgb=[number]), dict(motion=[number])):
                with pytest.raises(VideoError, match='damaged') as caught:
                    video.read(**wanted)
                assert caught.value.stage == 'decode'
        others = [sound - 1, sound, 25, 39]
        np.testing.assert_array_equal(video.read(rgb=others).rgb, rgb[others])


def test_damage_between_two_wanted_frames_fails_neither_of_them(clips, tmp_path):
    """Frame 22 is decoded after key frame 24, which is fed to the decoder before frame 21 comes out."""
    path = damage(clips('mpeg4_b'), tmp_path / 'damaged.mp4', frame=23)
    flagged = [number for number, frame in enumerate(decode_plainly(path)) if frame.is_corrupt]
    assert flagged == [22]
    rgb, *_ = decode_reference(clips('mpeg4_b'))
    with CompressedVideo(path) as video:
        np.testing.assert_array_equal(video.read(rgb=[21, 25]).rgb, rgb[[21, 25]])


def test_a_decoder_that_met_damage_is_not_used_again(clips, tmp_path):
    """Packet 5 becomes a header that switches quarter pixels on, and noise; flushing would leave them on."""
    with av.open(str(clips('mpeg4_4mv'))) as other:
        header = other.streams.video[0].codec_context.extradata

    def change(number, packet):
        noise = np.random.default_rng(0).bytes(packet.size // 2)
        return [repacked(packet, header + bytes(packet)[: -len(noise)] + noise if number == 5 else None)]

    path = remux(clips('mpeg4'), tmp_path / 'header.mp4', change)
    write_seal(str(path), Seal('test', NUM_FRAMES, 12))
    rgb, *_ = decode_reference(clips('mpeg4'))
    assert not np.array_equal(decode_reference(path)[0][30], rgb[30]), 'a plain decode keeps the quarter pixels on'
    with CompressedVideo(path) as video:
        with pytest.raises(VideoError, match='damaged'):
            video.read(rgb=[7])
        np.testing.assert_array_equal(video.read(rgb=[30, 3]).rgb, rgb[[30, 3]])
    path.write_bytes(path.read_bytes()[:-SEAL_SIZE])  # now a plain decode is all that tells what its frames are
    with CompressedVideo(path) as video:
        np.testing.assert_array_equal(video.read(rgb=[3]).rgb, rgb[[3]])
        for wanted in (7, 30):
            with pytest.raises(VideoError, match='damage'):
                video.read(rgb=[wanted])


def test_the_demuxer_is_closed_when_a_read_stops_early():
    """PyAV's own generator leaves some 300 bytes behind each time, unless it is told that it is no longer needed."""
    closed = []

    class Packets:
        def __iter__(self):
            return iter([SimpleNamespace(size=0), SimpleNamespace(size=7), SimpleNamespace(size=8)])

        def close(self):
            closed.append(True)

    packets = container.packets_with_data(SimpleNamespace(demux=lambda stream: Packets()), None)
    assert next(packets).size == 7
    del packets
    assert closed


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.avi'])
def test_a_stream_without_i_frames_is_refused_not_invented(clips, tmp_path, suffix):
    """FFmpeg decodes it from grey and flags nothing; an .mp4 without a table of key frames calls every frame one."""
    target = tmp_path / f'no_iframes{suffix}'
    remux(clips('mpeg4'), target, lambda _, packet: [] if packet.is_keyframe else [packet])
    with CompressedVideo(target) as video:
        assert video.num_frames > 20
        with pytest.raises(VideoError, match=r'missing or damaged|no key frame|not in the file'):
            video.read(rgb=[5], motion=[6])
    with CompressedVideo(target) as video, pytest.raises(VideoError):
        video.verify()
    with CompressedVideo(target) as video, pytest.raises(VideoError):
        _ = video.keyframes if suffix != '.mp4' else video.frame_types


def test_an_mp4_that_calls_every_frame_a_key_frame_is_still_read_right(clips, tmp_path):
    def as_key(_, packet):
        packet.is_keyframe = True
        return [packet]

    target = remux(clips('mpeg4'), tmp_path / 'all_keys.mp4', as_key)
    with CompressedVideo(target) as video:
        frames = video.read(rgb=[17, 5, 30]).rgb
    np.testing.assert_array_equal(frames, decode_reference(clips('mpeg4'))[0][[17, 5, 30]])
