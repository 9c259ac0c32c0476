"""What FFmpeg attaches to frames is the same whichever way PyAV gives it."""

import importlib
import importlib.util

import av
import numpy as np

from cmvl_mm.video import side_data
from cmvl_mm.video.columns import RECORD


def load_without_the_semi_private_place(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, 'import_module', missing)
    spec = importlib.util.spec_from_file_location('side_data_by_property', side_data.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_official_way_gives_the_same_records(clips, monkeypatch):
    official = load_without_the_semi_private_place(monkeypatch)
    assert official._MOTION_VECTORS == 'MOTION_VECTORS'
    with av.open(str(clips('h264'))) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {'flags2': '+export_mvs'}
        frames = list(container.decode(stream))
    found = [side_data.motion_records(frame) for frame in frames]
    assert found[0] is None
    assert side_data.motion_buffer(frames[0]) is None
    assert sum(len(records or b'') for records in found) > 10 * RECORD.itemsize
    assert found == [official.motion_records(frame) for frame in frames]
    assert found[1] == bytes(side_data.motion_buffer(frames[1])) == bytes(official.motion_buffer(frames[1]))
    vectors = np.array(frames[1].side_data['MOTION_VECTORS'].to_ndarray())
    np.testing.assert_array_equal(np.frombuffer(found[1], RECORD)['motion_x'], vectors['motion_x'])
    assert side_data.display_matrix(frames[1]) is None is official.quantiser_parameters(frames[1])
