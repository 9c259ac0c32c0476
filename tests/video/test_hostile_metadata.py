"""Headers that lie, and streams that are legal but odd: refused with stage and reason, or read right."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, VideoError

SIZE = (116, 84)  # width, height of the clips in conftest.py
ABSURD = 100_000  # px


def refusal(path) -> VideoError:
    """The error that opening and reading the file ends in."""
    with pytest.raises(VideoError) as caught, CompressedVideo(path) as video:
        video.read(rgb=[0, video.num_frames - 1])
    assert str(path) in str(caught.value)
    return caught.value


class Bits:
    """A string of bits, as H.264 writes its headers."""

    def __init__(self) -> None:
        self.text = ''

    def put(self, value: int, width: int) -> 'Bits':
        self.text += f'{value:0{width}b}'
        return self

    def golomb(self, value: int) -> 'Bits':
        digits = f'{value + 1:b}'
        self.text += '0' * (len(digits) - 1) + digits
        return self

    def data(self) -> bytes:
        text = self.text + '1'  # the stop bit
        text += '0' * (-len(text) % 8)
        return bytes(int(text[place : place + 8], 2) for place in range(0, len(text), 8))


def sequence_header(width: int, height: int) -> bytes:
    """H.264's sequence parameter set, baseline profile, for frames of this size."""
    bits = Bits().put(0x67, 8).put(66, 8).put(0, 8).put(62, 8)  # type, profile, constraints, level
    bits.golomb(0).golomb(0).golomb(2).golomb(1).put(0, 1)  # number, frame numbers, order, references, gaps
    bits.golomb(-(-width // 16) - 1).golomb(-(-height // 16) - 1)
    return bits.put(1, 1).put(1, 1).put(0, 1).put(0, 1).data()  # frames only, direct 8x8, no cropping, no VUI


def with_sequence_header(clip: Path, path: Path, header: bytes) -> Path:
    """Copy a clip, its parameter set replaced wherever it stands; zeros behind its end are legal."""
    data = clip.read_bytes()
    if clip.suffix == '.mp4':
        first = data.index(b'\x67', data.index(b'avcC'))
        size = int.from_bytes(data[first - 2 : first], 'big')
    else:
        first = data.index(b'\x67')
        size = data.index(b'\x00\x00\x00\x01', first) - first
    assert len(header) <= size
    path.write_bytes(data.replace(data[first : first + size], header.ljust(size, b'\0')))
    return path


@pytest.mark.parametrize('side', [ABSURD, 16_000])
@pytest.mark.parametrize('name', ['h264', 'h264_raw'])
def test_a_codec_header_of_absurd_size_is_refused_before_it_costs_memory(clips, tmp_path, name, side):
    """100,000 x 100,000 px are beyond FFmpeg's own limit, 16,000 x 16,000 beyond ours alone: 384 MB a frame."""
    path = with_sequence_header(clips(name), tmp_path / f'huge{clips(name).suffix}', sequence_header(side, side))
    Path('/proc/self/clear_refs').write_text('5')  # the peak starts at what is resident now
    before = resident('VmRSS')
    assert refusal(path).stage in ('open', 'decode')
    assert resident('VmHWM') - before < 200e6


def resident(key: str) -> int:
    """Of this process, bytes: now (VmRSS) or at its peak (VmHWM)."""
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f'{key}:'))


def test_the_crafted_header_is_read_as_it_is_meant(clips, tmp_path):
    """Else the test above could pass because the header is garbage."""
    path = with_sequence_header(clips('h264'), tmp_path / 'large.mp4', sequence_header(2048, 1024))
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.width, context.height) == (2048, 1024)
    assert refusal(path).stage == 'decode'


def test_an_mpeg4_header_of_the_largest_size_that_it_can_state(clips, tmp_path):
    """13 bits a side."""
    data = clips('mpeg4').read_bytes()
    bits = f'{int.from_bytes(data, "big"):0{8 * len(data)}b}'
    size = '1{:013b}1{:013b}1'
    assert bits.count(size.format(*SIZE)) >= 1
    bits = bits.replace(size.format(*SIZE), size.format(8191, 8191))
    path = tmp_path / 'huge.mp4'
    path.write_bytes(int(bits, 2).to_bytes(len(data), 'big'))
    assert refusal(path).stage in ('open', 'decode')


@pytest.mark.parametrize(('name', 'entry'), [('mpeg4', b'mp4v'), ('h264', b'avc1')])
def test_an_mp4_sample_entry_of_the_largest_size_that_it_can_state(clips, tmp_path, name, entry, reference):
    """16 bits a side. FFmpeg believes the codec's own header, so the frames are right, or nothing is read."""
    data = bytearray(clips(name).read_bytes())
    place = data.index(entry, data.index(b'stsd')) + 28
    assert data[place : place + 4] == b''.join(side.to_bytes(2, 'big') for side in SIZE)
    data[place : place + 4] = b'\xff' * 4
    path = tmp_path / 'huge.mp4'
    path.write_bytes(data)
    with CompressedVideo(path) as video:
        assert (video.width, video.height) == SIZE
        np.testing.assert_array_equal(video.read(rgb=[30])[0], reference(clips(name))[0][[30]])


@pytest.mark.parametrize(
    ('suffix', 'codec'),
    [
        ('.mp4', 'mpeg4'), ('.avi', 'mpeg4'), ('.m4v', 'mpeg4'), ('.mkv', 'libx264'), ('.264', 'libx264'),
        ('.webm', 'libvpx'),
    ],
)  # fmt: skip
def test_a_single_frame(tmp_path, encode, plain_frames, suffix, codec):
    frames = make_pan(displacement=(1, 1), num_frames=1, height=64, width=80).frames
    path = encode(tmp_path / f'one{suffix}', frames, codec, {})
    with CompressedVideo(path) as video:
        assert video.num_frames == 1
        assert video.keyframes.tolist() == [0]
        assert video.frame_types == 'I'
        rgb, motion = video.read(rgb=[0, 0], motion=[] if codec == 'libvpx' else [0])
        video.verify()
    assert np.array_equal(rgb[1], plain_frames(path)[0].to_ndarray(format='rgb24'))
    assert not motion.valid.any()


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv'])
def test_a_variable_rate_and_a_rotation_change_neither_frames_nor_vectors(
    clips, tmp_path, check_reads, reference, suffix
):
    path = tmp_path / f'odd{suffix}'
    rng = np.random.default_rng(0)
    with av.open(str(clips('mpeg4'))) as source, av.open(str(path), 'w') as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        copy.set_display_rotation(90)
        time = 0
        for packet in source.demux(stream):
            if packet.size:
                packet.pts = packet.dts = time
                packet.time_base, packet.stream = Fraction(1, 1000), copy
                time += int(rng.integers(1, 400))
                sink.mux(packet)
    with av.open(str(path)) as container:
        assert abs(next(container.decode(video=0)).rotation) == 90
    np.testing.assert_array_equal(reference(path)[0], reference(clips('mpeg4'))[0])
    check_reads(path, motion=True)
