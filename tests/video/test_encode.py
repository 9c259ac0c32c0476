"""reencode(): every decoded frame once, I-frames exactly at 0, 12, 24, ..., upright, and verified."""

import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from plain_decode import check_random_reads
from video_files import damage, encode_clip

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, SettingError, VideoError, encode
from cmvl_mm.video.encode import PROFILES, Profile, reencode, write_video
from cmvl_mm.video.mpeg4_writer import GOP
from cmvl_mm.video.seal import SEAL_SIZE


def check_structure(path, count):
    with CompressedVideo(path, block=16) as video:
        assert video.codec == 'mpeg4'
        assert video.num_frames == count
        assert video.frame_types == ''.join('P' if number % GOP else 'I' for number in range(count))
        assert video.keyframes.tolist() == list(range(0, count, GOP))
        assert video._decoder.index.from_header, 'the file can be indexed without a demux'
        return video.width, video.height, video.fps


def pixels(path, frames):
    with CompressedVideo(path) as video:
        return video.read(rgb=frames).rgb.astype(float)


@pytest.mark.parametrize('name', ['mpeg4_b_avi', 'h264_b', 'h264_raw', 'h264_open_ts', 'hevc_b', 'vp8'])
def test_every_decoded_frame_comes_once_and_in_its_place(clips, tmp_path, name):
    source, target = clips(name), tmp_path / 'out.mp4'
    count = reencode(source, target, profile=Profile(quantiser=2))
    assert check_structure(target, count)[:2] == (116, 84)
    with CompressedVideo(source) as video:
        assert video.num_frames == count
    every = range(count)
    difference = np.abs(pixels(source, every) - pixels(target, every)).mean(axis=(1, 2, 3))
    assert difference.max() < 5  # grey levels; frames of the pan that are one apart differ by far more
    assert np.abs(np.diff(pixels(source, every), axis=0)).mean(axis=(1, 2, 3)).min() > 10


def test_no_extra_i_frame_at_a_cut(tmp_path):
    frames = make_pan(displacement=(3, -2), num_frames=28, height=84, width=116).frames
    frames[:20] = 128  # then all is new
    write_video(frames, tmp_path / 'cut.mp4')
    check_structure(tmp_path / 'cut.mp4', 28)


@pytest.mark.parametrize('count', [1, 2, 12, 13])
def test_short_videos(tmp_path, count):
    frames = make_pan(displacement=(1, 0), num_frames=count, height=34, width=50).frames
    write_video(frames, tmp_path / 'short.mp4')
    assert reencode(tmp_path / 'short.mp4', tmp_path / 'again.mp4', profile=PROFILES['paper']) == count
    check_structure(tmp_path / 'again.mp4', count)


def test_profiles_state_their_sizes(tmp_path):
    frames = make_pan(displacement=(1, 0), num_frames=3, height=240, width=322).frames
    source = tmp_path / 'source.mp4'
    write_video(frames, source)
    sizes = {}
    for name, profile in PROFILES.items():
        reencode(source, tmp_path / f'{name}.mp4', profile=profile)
        sizes[name] = check_structure(tmp_path / f'{name}.mp4', 3)[:2]
    assert sizes == {'paper': (322, 240), 'coviar': (340, 256), 'small': (172, 128)}
    reencode(tmp_path / 'small.mp4', tmp_path / 'smaller.mp4', profile=PROFILES['small'])
    assert check_structure(tmp_path / 'smaller.mp4', 3)[:2] == (172, 128)


def test_the_quantiser_is_the_one_asked_for(tmp_path):
    """A second quantiser-1 generation is nearly lossless; 31 is not."""
    frames = make_pan(displacement=(3, 1), num_frames=13).frames
    write_video(frames, tmp_path / 'source.mp4', quantiser=1)
    source = pixels(tmp_path / 'source.mp4', range(13))
    errors, sizes = [], []
    for quantiser in (1, 3, 31):
        target = tmp_path / f'{quantiser}.mp4'
        reencode(tmp_path / 'source.mp4', target, profile=Profile(quantiser=quantiser))
        errors.append(np.abs(pixels(target, range(13)) - source).mean())
        sizes.append(target.stat().st_size)
    assert errors[0] < 1 < errors[1] < 6 < errors[2]
    assert sizes[0] > 2 * sizes[1] > 4 * sizes[2]


@pytest.mark.parametrize('rate', [Fraction(25), Fraction(30000, 1001), Fraction(120000, 1001), Fraction(1, 1000)])
def test_a_rate_is_written_and_read(rate, tmp_path):
    write_video(np.zeros((2, 32, 32, 3), np.uint8), tmp_path / 'rate.mp4', fps=float(rate))
    assert check_structure(tmp_path / 'rate.mp4', 2)[2] == pytest.approx(float(rate), rel=1e-6)


def with_times(path, frames, stamps, **options):
    """H.264 whose frames have these times, ms."""
    millisecond = Fraction(1, 1000)
    return encode_clip(path, frames, 'libx264', {'bf': '0'} | options, stamps=stamps, time_base=millisecond, rate=90)


def times_of(path):
    """Seconds after the first frame, and how long the file plays."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times = [frame.pts * stream.time_base for frame in container.decode(stream)]
        lasts = container.duration / av.time_base
    return [time - times[0] for time in times], lasts


@pytest.mark.parametrize('suffix', ['.mkv', '.mp4'])
@pytest.mark.parametrize('bframes', ['0', '2'])
def test_a_variable_rate_keeps_every_frame_and_its_time(tmp_path, suffix, bframes):
    frames = make_pan(displacement=(4, 0), num_frames=20).frames
    stamps = np.cumsum([(7, 120, 33)[number % 3] for number in range(20)]).tolist()
    source = with_times(tmp_path / f'vfr{suffix}', frames, stamps, bf=bframes)
    target = tmp_path / 'out.mp4'
    assert reencode(source, target, profile=PROFILES['paper']) == 20
    mean = 19 / (stamps[-1] - stamps[0]) * 1000
    assert check_structure(target, 20)[2] == pytest.approx(mean)
    with CompressedVideo(source) as video:
        assert video.fps == pytest.approx(mean)
    assert np.abs(pixels(source, range(20)) - pixels(target, range(20))).mean() < 6
    times, lasts = times_of(target)
    assert times == [Fraction(stamp - stamps[0], 1000) for stamp in stamps]
    assert lasts == pytest.approx((stamps[-1] - stamps[0] + stamps[-1] - stamps[-2]) / 1000, abs=1e-3)


def test_a_pause_is_kept_up_to_a_day_and_a_longer_one_refused_with_what_helps(tmp_path):
    frames = make_pan(displacement=(4, 0), num_frames=5).frames
    day, target = 86_400_000, tmp_path / 'out.mp4'  # ms
    for pause in (2000, day):
        stamps = [0, 40, 80, 80 + pause, 120 + pause]
        reencode(with_times(tmp_path / 'pause.mkv', frames, stamps), target, profile=PROFILES['paper'])
        assert times_of(target)[0] == [Fraction(stamp, 1000) for stamp in stamps]
    longer = with_times(tmp_path / 'longer.mkv', frames, [0, 40, 80, day + 1080, day + 1120])
    with pytest.raises(VideoError, match='stands still for 86401 s') as caught:
        reencode(longer, target, profile=PROFILES['paper'])
    assert caught.value.remedy == 'Cut the video at this pause'


def test_times_that_the_packets_foretell_wrongly_are_taken_from_the_frames(clips, tmp_path, monkeypatch):
    """As where a packet holds no frame, or two."""
    target, real = tmp_path / 'out.mp4', encode.stamps_by_packets
    for wrong in (
        lambda stamps: stamps[:-1],
        lambda stamps: [*stamps, stamps[-1] + 1],
        lambda stamps: [stamp + 7 for stamp in stamps],
    ):
        monkeypatch.setattr(encode, 'stamps_by_packets', lambda path, change=wrong: change(real(path)))
        assert reencode(clips('h264_b_mkv'), target, profile=PROFILES['paper']) == 40
        check_structure(target, 40)
        assert times_of(target)[0] == [Fraction(number, 25) for number in range(40)]


def encode_plainly(source, path, rate):
    """What preparing is for a steady, upright video of square pixels: every frame, one tick each."""
    with av.open(str(source)) as container, av.open(str(path), 'w') as sink:
        container.streams.video[0].thread_type = 'NONE'
        stream = sink.add_stream('mpeg4', rate=rate)
        stream.pix_fmt, stream.codec_context.thread_count = 'yuv420p', 1
        options = {'g': '12', 'bf': '0', 'sc_threshold': '1000000000', 'qmin': '3', 'qmax': '3', 'b': '1000000000'}
        stream.codec_context.options = options
        for number, frame in enumerate(container.decode(video=0)):
            image = frame.reformat(
                format='yuv420p', interpolation='BICUBIC', dst_colorspace='ITU601', dst_color_range='MPEG', threads=1
            )
            if not number:
                stream.width, stream.height = image.width, image.height
            image.pts, image.time_base, image.pict_type = number, 1 / rate, 0
            sink.mux(stream.encode(image))
        sink.mux(stream.encode())
    return path


def facts_of(path):
    """What the container says, and every packet with its times."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        facts = stream.time_base, stream.duration, stream.average_rate, stream.sample_aspect_ratio
        packets = [packet for packet in container.demux(stream) if packet.size]
        return facts, [(bytes(one), one.pts, one.dts, one.duration, one.is_keyframe) for one in packets]


@pytest.mark.parametrize(
    'name', ['mpeg4', 'mpeg4_avi', 'mpeg4_b_mkv', 'mpeg1', 'h264_b', 'h264_b_ts', 'h264_raw', 'vp8', 'hevc_b']
)
def test_a_steady_rate_gives_the_packets_that_it_always_gave(clips, tmp_path, name):
    reencode(clips(name), tmp_path / 'out.mp4', profile=PROFILES['paper'])
    encode_plainly(clips(name), tmp_path / 'plain.mp4', Fraction(25))
    assert facts_of(tmp_path / 'out.mp4') == facts_of(tmp_path / 'plain.mp4')


def test_a_size_that_the_encoder_cannot_hold_is_refused_with_what_helps(tmp_path):
    wide = encode_clip(tmp_path / 'wide.mp4', np.zeros((2, 160, 8192, 3), np.uint8), 'libx264', {'preset': 'ultrafast'})
    with pytest.raises(
        VideoError, match='8192x160 px is too large: MPEG-4 Part 2 allows sides of at most 8191 px'
    ) as caught:
        reencode(wide, tmp_path / 'out.mp4', profile=PROFILES['paper'])
    assert caught.value.stage == 'encode'
    assert caught.value.remedy == 'Prepare the video with the profile coviar or small'
    for name in ('coviar', 'small'):
        assert reencode(wide, tmp_path / f'{name}.mp4', profile=PROFILES[name]) == 2
    with pytest.raises(VideoError, match='allows sides of at most') as caught:
        write_video(np.zeros((1, 8192, 16, 3), np.uint8), tmp_path / 'out.mp4')
    assert caught.value.remedy == 'Write smaller frames'
    assert not (tmp_path / 'out.mp4').exists()


def test_a_size_that_changes_is_refused_with_what_helps(tmp_path):
    parts = [np.zeros((9, 96, width, 3), np.uint8) for width in (128, 160)]
    parts = [encode_clip(tmp_path / 'part.ts', part, 'libx264', {}).read_bytes() for part in parts]
    both = tmp_path / 'both.ts'
    both.write_bytes(b''.join(parts))
    with pytest.raises(VideoError, match='frame 9 is 160x96 px, the first is 128x96') as caught:
        reencode(both, tmp_path / 'out.mp4', profile=PROFILES['coviar'])
    assert 'Scale the video to one size' in caught.value.remedy


def test_a_damaged_source_fails_and_leaves_nothing(clips, tmp_path):
    source = damage(clips('mpeg4'), tmp_path / 'damaged.mp4', frame=20)
    with pytest.raises(VideoError, match=r'damaged\.mp4') as caught:
        reencode(source, tmp_path / 'out' / 'x.mp4', profile=PROFILES['paper'])
    assert caught.value.stage == 'decode'
    assert caught.value.path == str(source)
    assert list((tmp_path / 'out').iterdir()) == []


def test_a_failed_check_keeps_the_old_file(tmp_path, monkeypatch):
    write_video(np.zeros((14, 32, 32, 3), np.uint8), tmp_path / 'source.mp4')
    (tmp_path / 'out.mp4').write_text('old')
    original = encode.encode_images
    monkeypatch.setattr(encode, 'encode_images', lambda *args, **options: original(*args, **options) + 1)
    with pytest.raises(VideoError, match='14 of 15 frames') as caught:
        reencode(tmp_path / 'source.mp4', tmp_path / 'out.mp4', profile=PROFILES['paper'])
    assert caught.value.stage == 'encode'
    assert (tmp_path / 'out.mp4').read_text() == 'old'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['out.mp4', 'source.mp4']


def test_a_video_is_not_replaced_by_its_own_result(tmp_path):
    source = tmp_path / 'source.mp4'
    write_video(np.zeros((3, 32, 32, 3), np.uint8), source)
    before = source.read_bytes()
    with pytest.raises(SettingError, match='is the source itself and would be lost'):
        reencode(source, tmp_path / '.' / 'source.mp4', profile=PROFILES['paper'])
    assert source.read_bytes() == before


def test_what_cannot_be_written_names_the_source_or_target(tmp_path):
    with pytest.raises(VideoError, match='no frames') as caught:
        write_video(np.zeros((0, 32, 32, 3), np.uint8), tmp_path / 'none.mp4')
    assert caught.value.stage == 'encode'
    (tmp_path / 'file').touch()
    with pytest.raises(VideoError) as caught:
        write_video(np.zeros((1, 32, 32, 3), np.uint8), tmp_path / 'file' / 'a.mp4')
    assert caught.value.stage == 'encode'


def test_a_file_of_a_given_size_reads_as_it_did(tmp_path):
    frames = make_pan(displacement=(3, 1), num_frames=30, height=64, width=80).frames
    plain, filled = tmp_path / 'plain.mp4', tmp_path / 'filled.mp4'
    write_video(frames, plain)
    size = plain.stat().st_size
    for more in (8, 9, 100_000):
        write_video(frames, filled, file_size=size + more)
        assert filled.stat().st_size == size + more
        assert check_structure(filled, 30) == check_structure(plain, 30)
        content = filled.read_bytes()
        end = size - SEAL_SIZE
        assert content[:end] == plain.read_bytes()[:end]  # one video is written the same every time
        assert content[end : end + 8] == more.to_bytes(4, 'big') + b'free'
        check_random_reads(filled, motion=True)
        np.testing.assert_array_equal(pixels(filled, range(30)), pixels(plain, range(30)))
    for small in (size + 7, size - 1):  # a box has 8 bytes at least
        with pytest.raises(VideoError, match=rf'encode: the video of {size} bytes cannot be padded to {small} bytes'):
            write_video(frames, filled, file_size=small)
    assert filled.stat().st_size == size + 100_000  # the old file is kept


@pytest.mark.slow
def test_every_real_file_can_be_prepared(shared, tmp_path):
    """Odd sizes, 10 bit, 4:4:4, full range, rotation, wide pixels, B-frames, raw streams, every codec."""
    for source in sorted((shared / 'data' / 'codec_zoo').iterdir()):
        target = tmp_path / f'{source.name}.mp4'
        count = reencode(source, target, profile=PROFILES['paper'])
        width, height, _ = check_structure(target, count)
        with CompressedVideo(source) as video:
            assert video.num_frames == count, source.name
            with av.open(str(source)) as container:
                pixel_shape = container.streams.video[0].sample_aspect_ratio or 1
            assert {width, height} == {round(video.width * pixel_shape), video.height}
            same_shape = (width, height) == (video.width, video.height)
        if same_shape and 'video_180' not in source.name:
            wanted = [0, count // 2]
            assert np.abs(pixels(source, wanted) - pixels(target, wanted)).mean() < 6, source.name


def test_no_ffmpeg_program_is_needed(tmp_path, repository):
    """With an empty PATH."""
    code = (
        'import numpy as np; from cmvl_mm.video.encode import write_video;'
        f'write_video(np.zeros((2, 32, 32, 3), np.uint8), {str(tmp_path / "a.mp4")!r})'
    )
    subprocess.run([sys.executable, '-c', code], check=True, env={'PATH': ''}, cwd=repository)
    assert (tmp_path / 'a.mp4').exists()
