"""A file that names other files is no video: FFmpeg would open them, wherever they lie."""

import subprocess
import sys

import av
import pytest

from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.container import FORMATS

LISTS = {
    'list.m3u8': '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n{other}.ts\n#EXT-X-ENDLIST\n',
    'relative.m3u8': '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n../outside/other.ts\n#EXT-X-ENDLIST\n',
    'concat.mp4': 'ffconcat version 1.0\nfile inside.mp4\n',
    'session.sdp': 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n',
}


def write(path, codec):
    with av.open(str(path), 'w') as sink:
        stream = sink.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        for _ in range(5):
            sink.mux(stream.encode(av.VideoFrame(64, 48, 'yuv420p')))
        sink.mux(stream.encode())


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'root').mkdir()
    (tmp_path / 'outside').mkdir()
    write(tmp_path / 'outside' / 'other.ts', 'mpeg2video')
    write(tmp_path / 'root' / 'inside.mp4', 'mpeg4')
    for name, text in LISTS.items():
        (tmp_path / 'root' / name).write_text(text.format(other=tmp_path / 'outside' / 'other'))
    return tmp_path / 'root'


@pytest.mark.parametrize('name', LISTS)
def test_lists_of_other_files_are_refused(root, name):
    with pytest.raises(VideoError) as caught:
        CompressedVideo(root / name)
    assert caught.value.stage == 'open'
    assert name in str(caught.value)


@pytest.mark.parametrize('name', ['list.m3u8', 'relative.m3u8', 'concat.mp4'])
def test_ffmpeg_by_itself_still_opens_them(root, name):
    """Else the white list could go. In a process of its own: FFmpeg reads from threads for these formats."""
    code = f'import av; av.open("file:{root / name}", options={{"protocol_whitelist": "file"}}).close()'
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, check=False, timeout=60).returncode == 0


def test_the_formats_allowed_are_ffmpegs_and_name_no_other_files():
    allowed = set(FORMATS.split(','))
    assert allowed <= av.formats_available
    assert not allowed & {'hls', 'concat', 'dash', 'image2', 'sdp', 'rtsp', 'imf', 'tedcaptions', 'lavfi'}
