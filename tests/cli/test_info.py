"""`cmvl info` counts what a plain decode shows, and names what a video needs."""

import json
import subprocess
import sys

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from click.testing import CliRunner

from cmvl_mm.cli.main import main
from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video.describe import FEWEST_FRAMES, describe
from cmvl_mm.video.encode import write_video
from cmvl_mm.video.runs import runs_of_frames

FRAMES = make_pan(displacement=(2, 1), num_frames=30, height=48, width=64).frames


def encode(path, codec, options, pixel_format='yuv420p'):
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25, options={'threads': '1', **options})
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixel_format
        for frame in FRAMES:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
        container.mux(stream.encode())
    return path


def test_counts_are_those_of_a_plain_decode(tmp_path):
    path = encode(
        tmp_path / 'b.mp4', 'libx264', {'g': '20', 'bf': '2', 'sc_threshold': '0', 'x264-params': 'b-adapt=0'}
    )
    with av.open(str(path)) as container:
        types = [PictureType(frame.pict_type).name for frame in container.decode(video=0)]
    facts = describe(path)
    assert (facts.codec, facts.width, facts.height, facts.pixel_format) == ('h264', 64, 48, 'yuv420p')
    assert facts.num_frames == len(types) == 30
    assert facts.b_frames == types.count('B') > 0
    assert facts.keyframes == types.count('I') == 2
    assert facts.keyframe_interval == (10, 20)
    assert (facts.fps, facts.seconds) == (25, 1.2)
    assert facts.vectors is not None
    assert facts.vectors.frames + sum(facts.vectors.missing.values()) == 30
    assert facts.vectors.missing['an I-frame has no vectors'] == 2
    assert facts.prepared is None
    assert not facts.index_by_decoding
    assert ['up to 20 frames' in need or 'B-frames' in need for need in facts.needs] == [True, True]


def test_what_we_wrote_is_ready_and_what_has_no_vectors_is_named(tmp_path):
    write_video(FRAMES, tmp_path / 'ours.mp4', quantiser=3)
    ours = describe(tmp_path / 'ours.mp4')
    assert (ours.prepared, ours.needs, ours.refused) == ('paper', (), None)
    assert str(ours.too_short).startswith('30 frames, but cmvl pretrain needs 41;')
    assert (ours.keyframes, ours.keyframe_interval, ours.b_frames) == (3, (6, 12), 0)
    other = describe(encode(tmp_path / 'lossless.mkv', 'ffv1', {}))
    assert other.vectors is None
    assert 'no motion vectors of ffv1' in str(other.refused)
    assert other.needs == ('ffv1 has no vectors: cmvl prepare',)
    assert other.index_by_decoding


def test_a_broken_video_is_a_row_and_the_exit_code(tmp_path):
    write_video(FRAMES, tmp_path / 'good.mp4')
    (tmp_path / 'bad.mp4').write_bytes(b'no video' * 100)
    paths = [str(tmp_path / name) for name in ('bad.mp4', 'good.mp4')]
    result = CliRunner().invoke(main, ['info', *paths])
    assert result.exit_code == 1
    header, bad, good = result.stdout.splitlines()
    assert header.split()[:3] == ['video', 'codec', 'size']
    assert 'bad.mp4' in bad
    assert 'error: open: ' in bad
    assert good.split()[1:4] == ['mpeg4', '64x48', '30']
    as_json = CliRunner().invoke(main, ['info', '--json', *paths])
    assert as_json.exit_code == 1
    first, second = json.loads(as_json.stdout)
    assert (first['path'], first['stage']) == (paths[0], 'open')
    assert (second['num_frames'], second['vectors']['frames'], second['needs']) == (30, 27, [])


def test_one_video_is_a_sheet_and_loads_nothing_heavy(tmp_path):
    write_video(FRAMES, tmp_path / 'a.mp4')
    code = (
        'import sys; from cmvl_mm.cli.main import main; main(["info", sys.argv[1]], standalone_mode=False); '
        'print("LOADED", sorted({"torch", "mmengine", "cv2", "matplotlib", "tqdm"} & set(sys.modules)))'
    )
    words = [sys.executable, '-c', code, str(tmp_path / 'a.mp4')]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[-1] == 'LOADED []'
    sheet = dict(line.split(maxsplit=1) for line in lines[:-1])
    assert sheet['frames'] == '30, 25 a second'
    assert sheet['prepared'] == 'yes, profile paper'
    assert sheet['training'].startswith('too short: 30 frames, but cmvl pretrain needs 41;')


@pytest.mark.parametrize(
    ('keyframes', 'expected'),
    [
        ([0, 12, 24, 36], [(3, 12), (12, 22), (22, 32), (32, 40)]),
        ([0], [(3, 13), (13, 23), (23, 33), (33, 40)]),
    ],
)
def test_runs_cover_all_frames_and_begin_at_key_frames_where_they_can(keyframes, expected):
    runs = list(runs_of_frames(3, 40, np.array(keyframes), 10))
    assert [(run.start, run.stop) for run in runs] == expected


def test_a_folder_stands_for_its_videos(tmp_path):
    (tmp_path / 'a').mkdir()
    for name in ('a/one.mp4', 'two.mp4'):
        write_video(FRAMES, tmp_path / name)
    shown = CliRunner().invoke(main, ['info', str(tmp_path), '--json'])
    assert [fact['path'] for fact in json.loads(shown.output)] == [f'{tmp_path}/a/one.mp4', f'{tmp_path}/two.mp4']
    (tmp_path / 'empty').mkdir()
    empty = CliRunner().invoke(main, ['info', str(tmp_path / 'empty')])
    assert (empty.exit_code, 'no videos in this folder' in empty.output) == (1, True)


def test_what_cmvl_pretrain_leaves_out_is_called_too_short_and_preparing_no_remedy(tmp_path):
    long = np.concatenate([FRAMES, FRAMES[: FEWEST_FRAMES - len(FRAMES)]])
    for name, frames in (('a_long', long), ('b_short', long[:-1]), ('c_one', long[:1])):
        write_video(frames, tmp_path / f'{name}.mp4')
    with av.open(str(tmp_path / 'd_raw.avi'), 'w') as container:  # one frame that nobody has prepared
        stream = container.add_stream('mpeg4', rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        container.mux(stream.encode(av.VideoFrame.from_ndarray(FRAMES[0], format='rgb24')))
        container.mux(stream.encode())
    shown = CliRunner().invoke(main, ['info', str(tmp_path)])
    assert [line.rpartition('  ')[2] for line in shown.output.splitlines()[1:]] == ['ready', *['too short'] * 3]


def test_a_quoted_pattern_names_the_videos_that_fit(tmp_path):
    for name in ('a.mp4', 'b.mp4'):
        write_video(FRAMES, tmp_path / name, quantiser=3)
    (tmp_path / 'b.txt').write_text('no video')
    found = CliRunner().invoke(main, ['info', '--json', str(tmp_path / '*.mp4')])
    assert [facts['path'] for facts in json.loads(found.stdout)] == [
        str(tmp_path / name) for name in ('a.mp4', 'b.mp4')
    ]
    none = CliRunner().invoke(main, ['info', str(tmp_path / '*.webm')])
    assert none.exit_code == 1
    assert '*.webm: no file matches this pattern. Remedy: ' in none.stderr
