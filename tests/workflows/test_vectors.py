"""Vectors in files: arrays as the reader gives them, pictures that decode to as many frames, upright."""

import importlib
import subprocess
import sys
from typing import get_args

import av
import numpy as np
import pytest
from click.testing import CliRunner

from cmvl_mm.cli.main import main
from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, FrameIndexError, SettingError, VideoError
from cmvl_mm.video.display import UPRIGHT
from cmvl_mm.video.encode import write_video
from cmvl_mm.visualization.arrows import draw_vectors
from cmvl_mm.visualization.caption import captioned
from cmvl_mm.visualization.legends import STRIP, legend_of_directions
from cmvl_mm.workflows import vector_arrays
from cmvl_mm.workflows.drawn_layers import LAYERS, Layer, legend_of, title_of
from cmvl_mm.workflows.vector_arrays import save_vectors
from cmvl_mm.workflows.vector_pictures import DrawingError, draw_video
from cmvl_mm.workflows.vectors_written import VectorsWritten

vectors_command = importlib.import_module('cmvl_mm.cli.vectors')

I_FRAME = 'an I-frame has no vectors'


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp('pan') / 'pan.mp4'
    write_video(make_pan(displacement=(3, -1), num_frames=30, height=48, width=72).frames, path, fps=20)
    return path


def decoded(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [
            (float(frame.pts * frame.time_base), frame.to_ndarray(format='rgb24')) for frame in container.decode(stream)
        ]
        return stream.codec_context.name, stream.codec_context.pix_fmt, frames


def test_an_npz_holds_what_the_reader_gives_whatever_its_parts(video, tmp_path, monkeypatch):
    monkeypatch.setattr(vector_arrays, '_CELLS', 7 * 54)  # 7 frames at a time
    parts = []
    assert save_vectors(video, tmp_path / 'v.npz', frames=range(2, 28), progress=parts.append) == VectorsWritten(
        26, {I_FRAME: 2}
    )
    assert len(parts) > 3
    assert sum(parts) == 26
    with CompressedVideo(video, block=8) as reader:
        motion = reader.read(motion=range(2, 28)).motion
        keyframes = reader.keyframes
    with np.load(tmp_path / 'v.npz', allow_pickle=False) as found:
        np.testing.assert_array_equal(found['vectors'], motion.vectors)
        np.testing.assert_array_equal(found['valid'], motion.valid)
        assert found['vectors'].dtype == np.int16
        moved = found['vectors'][found['valid']] / 4
        assert found['valid'].mean() > 0.8
        assert (moved == (3, -1)).all(axis=-1).mean() > 0.8  # px a frame, as the video was made
        assert found['missing'].tolist() == [reason or '' for reason in motion.missing]
        assert found['missing'][10] == 'an I-frame has no vectors'
        assert found['frames'].tolist() == list(range(2, 28))
        np.testing.assert_allclose(found['timestamps'], np.arange(2, 28) / 20)
        assert found['keyframes'].tolist() == keyframes.tolist() == [0, 12, 24]
        assert (int(found['block']), found['size'].tolist()) == (8, [48, 72])


@pytest.mark.parametrize(('write', 'name'), [(save_vectors, 'v.npz'), (draw_video, 'v.gif'), (draw_video, 'v.mp4')])
def test_frames_outside_the_video_and_codecs_without_vectors_leave_nothing_behind(video, shared, tmp_path, write, name):
    for frames, number in ((range(25, 31), 30), (range(40, 45), 40), (range(-1, 3), -1)):
        with pytest.raises(FrameIndexError, match=f'frame {number}, counted from 0, is outside the video of 30'):
            write(video, tmp_path / name, frames=frames)
    hevc = shared / 'data/codec_zoo/torchcodec_testsrc2_h265.mp4'
    with pytest.raises(VideoError, match=r'no motion vectors of hevc.*Re-encode with cmvl prepare'):
        write(hevc, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('write', [save_vectors, draw_video])
@pytest.mark.parametrize('name', ['own.mp4', 'link.mp4'])
def test_the_video_itself_is_never_overwritten(video, tmp_path, write, name):
    own = tmp_path / 'own.mp4'
    own.write_bytes(video.read_bytes())
    (tmp_path / 'link.mp4').symlink_to(own)
    with pytest.raises(SettingError, match=f'{name} is the source itself and would be lost. Choose another file'):
        write(own, tmp_path / name)
    assert own.read_bytes() == video.read_bytes()


def test_an_mp4_plays_in_browsers_with_the_times_of_the_video(video, tmp_path):
    assert draw_video(video, tmp_path / 'v.mp4', frames=range(11, 20), scale=3).missing == {I_FRAME: 1}
    codec, pixels, frames = decoded(tmp_path / 'v.mp4')
    assert (codec, pixels) == ('h264', 'yuv420p')
    np.testing.assert_allclose([at for at, _ in frames], np.arange(9) / 20, atol=1e-3)
    assert {frame.shape for _, frame in frames} == {(3 * 48 + STRIP, 3 * 72, 3)}
    with CompressedVideo(video, block=16) as reader:
        rgb, motion = reader.read(rgb=range(11, 20), motion=range(11, 20))
    expected = [
        captioned(
            draw_vectors(rgb[row], motion.vectors[row], motion.valid[row], block=16, scale=3),
            f'FRAME {row + 11}  {(row + 11) / 20:.2f} S' + ('  I-FRAME: NO VECTORS' if row == 1 else ''),
            legend=legend_of_directions(3),
        )
        for row in range(9)
    ]
    strips = [[differs(frame[-STRIP:], one[-STRIP:]) for one in expected] for _, frame in frames]
    assert np.argmin(strips, axis=1).tolist() == list(range(9))
    assert max(differs(frame, one) for (_, frame), one in zip(frames, expected, strict=True)) < 12
    at_rest = draw_vectors(rgb[1], motion.vectors[1] * 0, ~motion.valid[1], block=16, scale=3)
    assert differs(frames[1][1][:-STRIP], at_rest) > 2 * differs(frames[1][1], expected[1])  # it is hatched


def differs(found, expected):
    return np.abs(found.astype(int) - expected).mean()


def test_a_gif_has_all_frames_at_the_rate_asked_for(video, tmp_path):
    assert draw_video(video, tmp_path / 'v.gif', frames=range(5), scale=2, fps=10) == VectorsWritten(5, {I_FRAME: 1})
    codec, _, frames = decoded(tmp_path / 'v.gif')
    assert codec == 'gif'
    np.testing.assert_allclose([at for at, _ in frames], np.arange(5) / 10, atol=1e-6)
    assert frames[0][1].shape == (2 * 48 + STRIP, 2 * 72, 3)
    with pytest.raises(
        DrawingError, match=r'100 frames per second, but a GIF plays at most 50\. Remedy: pass --fps 50'
    ):
        draw_video(video, tmp_path / 'fast.gif', fps=100)


def test_a_turned_video_is_drawn_upright(shared, tmp_path):
    source = shared / 'data/codec_zoo/torchcodec_nasa_13013_rotated.mp4'  # 480x270 px, turned by 90 degrees
    draw_video(source, tmp_path / 'v.mp4', frames=range(2), scale=1)
    assert decoded(tmp_path / 'v.mp4')[2][0][1].shape == (480 + STRIP, 270, 3)


def test_the_command_writes_each_kind_says_what_has_no_vectors_and_loads_nothing_heavy(video, tmp_path):
    for name, frames, count, without in (('v.npz', ':', 30, 3), ('v.gif', '28:', 2, 0), ('v.mp4', ':2', 2, 1)):
        result = CliRunner().invoke(main, ['vectors', str(video), '-o', str(tmp_path / name), '--frames', frames])
        assert result.exit_code == 0, result.output
        assert f'{name}: {count} frames' in result.stdout
        assert (f'{without} of them without vectors: {I_FRAME}' in result.stdout) == bool(without)
    words = ['vectors', str(video), '-o', str(tmp_path / 'v.gif'), '--frames', ':2']
    code = (
        f'import sys; from cmvl_mm.cli.main import main; main({words!r}, standalone_mode=False); '
        'print("LOADED", sorted({"torch", "mmengine", "PIL", "cv2", "matplotlib"} & set(sys.modules)))'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith('LOADED []\n')


@pytest.mark.parametrize(
    ('words', 'code', 'reason'),
    [
        (['-o', 'v.avi'], 2, 'must end in .npz, .mp4, .gif or .png'),
        (['-o', 'v.npz', '--scale', '2'], 2, '--scale, --fps and --layer apply to .mp4, .gif and .png only'),
        (['-o', 'v.npz', '--layer', 'residual'], 2, 'cmvl_mm.video.read_residuals returns this layer'),
        (['-o', 'v.gif', '--frames', '7'], 2, "'7' is not A:B"),
        (['-o', 'v.gif', '--frames', '7:7'], 2, '--frames 7:7: this range has no frames. Remedy'),
        (['-o', 'v.npz', '--frames', '20:40'], 1, 'frame 30, counted from 0, is outside the video of 30 frames'),
        (['-o', 'v.png', '--frames', '20:40'], 1, 'frame 30, counted from 0, is outside the video of 30 frames'),
    ],
)
def test_what_cannot_be_written_is_one_line(video, words, code, reason):
    result = CliRunner().invoke(main, ['vectors', str(video), *words])
    assert (result.exit_code, reason in result.output) == (code, True), result.output


def test_a_folder_in_place_of_a_video_is_called_one(video):
    result = CliRunner().invoke(main, ['vectors', str(video.parent), '-o', 'v.npz'])
    assert result.exit_code == 1
    assert 'this is a folder. Give the path of a video in it' in result.output


def test_a_folder_is_made_and_a_large_gif_says_how_to_make_it_smaller(video, tmp_path, monkeypatch):
    out = tmp_path / 'new' / 'v.gif'
    words = ['vectors', str(video), '-o', str(out), '--frames', '0:2']
    assert '--scale' not in CliRunner().invoke(main, words).output
    assert out.stat().st_size > 0
    monkeypatch.setattr('cmvl_mm.cli.vectors.LARGE_GIF', 0)
    output = CliRunner().invoke(main, words).output
    assert 'To make it smaller: fewer --frames, --scale 1, --fps 10, an .mp4\n' in output
    output = CliRunner().invoke(main, [*words, '--scale', '1', '--fps', '5']).output
    assert 'To make it smaller: fewer --frames, an .mp4\n' in output  # not what was done already


@pytest.mark.parametrize('layer', LAYERS)
def test_each_layer_is_drawn_with_its_frame_and_its_time(video, tmp_path, layer):
    assert get_args(Layer) == LAYERS == vectors_command._LAYERS
    done = CliRunner().invoke(
        main,
        ['vectors', str(video), '-o', str(tmp_path / 'v.png'), '--layer', layer, '--frames', '11:20', '--scale', '4'],
    )
    assert done.exit_code == 0, done.output
    assert 'v.png: 1 frame,' in done.output
    _, pixels, ((_, picture),) = decoded(tmp_path / 'v.png')
    assert pixels == 'rgb24'
    assert picture.shape == (48 * 4 + STRIP, 72 * 4, 3)
    drawn = draw_video(video, tmp_path / 'v.gif', frames=range(11, 14), scale=1, layer=layer)
    assert drawn == VectorsWritten(3, {} if layer == 'quantisers' else {I_FRAME: 1})
    assert len(decoded(tmp_path / 'v.gif')[2]) == 3
    text = f'FRAME 11  0.55 S{"" if layer == "vectors" else f"  {layer}"}'
    with CompressedVideo(video) as opened:
        legend = legend_of(opened, layer, 4, UPRIGHT)
    expected = captioned(picture[:-STRIP], text, legend=legend)
    np.testing.assert_array_equal(picture, expected)


def test_residuals_that_are_not_exact_are_called_an_estimate(video, tmp_path):
    with av.open(tmp_path / 'other.mpg', 'w') as container:
        stream = container.add_stream('mpeg2video', rate=25)
        stream.width, stream.height, stream.pix_fmt = 72, 48, 'yuv420p'
        for picture in make_pan(displacement=(3, -1), num_frames=5, height=48, width=72).frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode(None))
    with CompressedVideo(video) as exact, CompressedVideo(tmp_path / 'other.mpg') as other:
        assert [title_of(exact, layer) for layer in LAYERS] == ['', *LAYERS[1:]]
        assert [title_of(other, layer) for layer in LAYERS] == [
            '', 'residual, estimate', 'accumulated', 'energy, estimate', 'quantisers',
        ]  # fmt: skip
