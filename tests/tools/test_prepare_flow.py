"""prepare_videos.py --flow: resumable to the file, counted, and no video is called ready without its flow."""

import json

import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.datasets.flow import read_flow, verify_flow
from cmvl_mm.prepare.flow_cost import FlowCost, summarise
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import write_video


@pytest.fixture
def source(tmp_path):
    """Three videos of 4 frames: TV-L1 takes a tenth of a second each frame."""
    pan = make_pan(displacement=(2, -1), num_frames=4, height=32, width=48).frames
    for name in 'abc':
        (tmp_path / 'src').mkdir(exist_ok=True)
        write_video(pan, tmp_path / 'src' / f'{name}.avi', quantiser=1)
    return tmp_path / 'src'


def test_flow_is_made_once_and_what_is_broken_again(run, source, tmp_path):
    dst = tmp_path / 'dst'
    code, output = run(source, dst, '--flow', '--workers', 1)
    assert code == 0, output
    with CompressedVideo(dst / 'b.mp4') as video:
        verify_flow(video)
        flow = read_flow(video, motion=range(1, 4)).vectors
    assert np.abs(np.median(flow, axis=(1, 2)) - [8, -4]).max() <= 1
    cost = json.loads((dst / 'report.json').read_text())['flow']
    assert (cost['videos'], cost['frames']) == (3, 12)
    assert cost['tvl1_ms_per_frame'] > cost['vectors_ms_per_frame'] > 0

    whole = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in dst.glob('*.flow.npz')}
    assert sorted(path.name for path in whole) == ['a.flow.npz', 'b.flow.npz', 'c.flow.npz']
    first, second, third = sorted(whole)
    second.write_bytes(whole[second][1][:-300])
    third.unlink()
    (dst / 'c.flow.npz.77.part').touch()  # left by a process that was killed
    code, output = run(source, dst, '--flow', '--workers', 1)
    assert code == 0, output
    assert first.stat().st_mtime_ns == whole[first][0]
    assert {path: path.read_bytes() for path in whole} == {path: data for path, (_, data) in whole.items()}
    assert not list(dst.glob('*.part'))
    assert json.loads((dst / 'report.json').read_text())['flow']['videos'] == 2


def test_a_video_without_flow_is_not_ready(run, source, tmp_path):
    dst = tmp_path / 'dst'
    (dst / 'b.flow.npz').mkdir(parents=True)  # nothing can take this name
    code, output = run(source, dst, '--flow', '--workers', 2)
    assert code == 0, output
    assert (dst / 'all.txt').read_text().split() == ['a.mp4', 'c.mp4']
    report = json.loads((dst / 'report.json').read_text())
    assert report['ready'] == 2
    ((path, stage),) = [(item['path'], item['stage']) for item in report['failed']]
    assert (path, stage) == ('b.avi', 'motion')
    assert not list(dst.glob('*.part'))
    code, output = run(source, dst, '--workers', 2)  # nobody asks for flow now
    assert code == 0, output
    assert (dst / 'all.txt').read_text().split() == ['a.mp4', 'b.mp4', 'c.mp4']
    assert 'flow' not in json.loads((dst / 'report.json').read_text())
    code, output = run(source, dst, '--flow', '--shard', '1/3', '--workers', 1)  # b is others' work
    assert code == 0, output
    assert (dst / 'all.txt').read_text().split() == ['a.mp4', 'c.mp4']


def test_opencv_without_flow_stops_before_any_work(run, source, tmp_path):
    code, output = run(source, tmp_path / 'dst', '--flow', code='import cv2; del cv2.optflow')
    assert code == 1
    assert 'pip install --force-reinstall --no-deps opencv-contrib-python' in output
    assert 'Traceback' not in output
    assert not (tmp_path / 'dst').exists()


def test_costs_are_means_over_frames():
    costs = [FlowCost(num_frames=10, tvl1=1.0, vectors=0.02), FlowCost(num_frames=30, tvl1=7.0, vectors=0.02)]
    expected = {'videos': 2, 'frames': 40, 'tvl1_ms_per_frame': 200.0, 'vectors_ms_per_frame': 1.0}
    assert summarise(costs) == expected
    assert summarise([])['tvl1_ms_per_frame'] is None
