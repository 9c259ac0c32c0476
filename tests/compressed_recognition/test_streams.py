"""Known motion comes in as known vectors, still content as no residual, and what is not real is told apart."""

import av
import numpy as np
import pytest
from mmaction.registry import TRANSFORMS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.compressed_recognition.crop import mirror_signs, multi_scale_box
from cmvl_mm.compressed_recognition.streams import painted, residual_pictures, vector_pictures
from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.datasets.decoded_frames import DecodedFrames
from cmvl_mm.datasets.flow import write_flow
from cmvl_mm.datasets.geometry import centre_box, crop_resize
from cmvl_mm.datasets.stages import ROLES
from cmvl_mm.video import CompressedVideo, MotionField, VideoError


def read(path, frames, streams, invalid='channel'):
    stage = TRANSFORMS.build(dict(type='ReadStreams', streams=streams, invalid=invalid))
    with CompressedVideo(path, block=16) as video:
        return stage(dict(video=video, clip_frames=np.array(frames)))


def test_a_pan_comes_in_as_its_accumulated_and_its_own_vectors(pan):
    sample = read(pan, [[5], [16]], ['accumulated_vectors', 'vectors'])
    assert sample['imgs'].shape == (2, 96, 160, 6)
    assert sample['clip_frames'].shape == (2, 1)
    assert sample['signed_channels'].tolist() == [0, 3]
    for row, steps in enumerate((5, 4)):  # frame 12 is an I-frame
        for begin, moved in ((0, (4 * steps, -2 * steps)), (3, (4, -2))):
            picture = sample['imgs'][row, ..., begin : begin + 3]
            real = picture[..., 2] == 255
            assert real.mean() > 0.3
            assert set(np.unique(picture[..., 2])) <= {0, 255}
            np.testing.assert_array_equal(np.median(picture[real][:, :2], axis=0), vector_pictures(np.array(moved)))


def test_eight_bits_of_vectors_and_residuals():
    vectors = np.array([0, 20, -20, 40, -40, 10, -0.25])
    assert vector_pictures(vectors).tolist() == [128, 255, 0, 255, 0, 192, 126]
    assert residual_pictures(np.array([0, -128, 127, -255, 255], np.int16)).tolist() == [128, 0, 255, 0, 255]


def test_a_frame_without_vectors_is_marked_or_counts_as_still_by_the_name_of_the_rule(pan):
    marked = read(pan, [[12]], ['vectors'])['imgs']  # an I-frame
    assert not marked[..., 2].any()
    told = read(pan, [[12]], ['vectors'], invalid='no_motion')['imgs']
    assert told.shape[-1] == 2
    assert (told == 128).all()
    with pytest.raises(TypeError, match='invalid'):  # the rule has no default
        TRANSFORMS.build(dict(type='ReadStreams', streams=['vectors']))


def test_the_residual_of_a_still_video_is_zero_and_that_of_a_pan_follows_it(still, pan):
    for stream in ('residual', 'accumulated_residual'):
        sample = read(still, [[1], [11], [13]], [stream])
        assert (sample['imgs'] == 128).all()
        assert sample['signed_channels'].tolist() == []
        picture = read(pan, [[5]], [stream])['imgs'][0].astype(int) - 128
        with CompressedVideo(pan) as video:
            now, before = video.read(rgb=[5, 4 if stream == 'residual' else 0]).rgb.astype(int)
        assert np.abs(picture[40:-40, 40:-40]).mean() < np.abs(now - before)[40:-40, 40:-40].mean() / 4


def test_flow_comes_in_from_the_file_beside_the_video(pan, tmp_path):
    path = tmp_path / 'pan.mp4'
    path.write_bytes(pan.read_bytes())
    with CompressedVideo(path, block=16) as video:
        fields = np.zeros((26, 24, 40, 2), np.int16)
        fields[1:] = 8, -4  # quarter pixels
        fields[7, :12] = 20, 0
        write_flow(video, fields)
    flow = read(path, [[6, 7]], ['flow'])['imgs'][0]
    assert flow.shape == (96, 160, 6)
    assert (flow[..., :2] == vector_pictures(np.array([2, -1]))).all()
    assert (flow[:48, :, 2:4] == vector_pictures(np.array([5, 0]))).all()
    assert (flow[48:, :, 2:4] == flow[48:, :, :2]).all()
    assert (flow[..., 4:] == 255).all()


def test_what_has_no_stream_is_refused(pan):
    with pytest.raises(ValueError, match='frame 0 has no flow'):
        read(pan, [[0]], ['flow'])
    with pytest.raises(VideoError, match=r'pan.mp4: motion: frame 0 has no frame before it'):
        read(pan, [[0]], ['residual'])
    with pytest.raises(VideoError, match=r'flow.npz: motion: there is no such flow file'):
        read(pan, [[1]], ['flow'])
    with pytest.raises(ValueError, match='needs one or more of vectors, residual'):
        read(pan, [[1]], ['mv'])
    stage = TRANSFORMS.build(dict(type='ReadStreams', streams=['vectors'], invalid='channel'))
    with pytest.raises(ValueError, match='decoded frames have neither'):
        stage(dict(video=DecodedFrames(np.zeros((4, 32, 32, 3), np.uint8)), clip_frames=np.array([[1]])))


@pytest.mark.parametrize('stream', ['residual', 'accumulated_residual', 'accumulated_vectors'])
def test_of_h264_they_are_refused_and_not_estimated(stream, tmp_path):
    frames = make_pan(displacement=(2, 0), num_frames=6, height=96, width=160).frames
    with av.open(str(tmp_path / 'h264.mp4'), 'w') as container:
        track = container.add_stream('libx264', rate=25, options={'bf': '0', 'threads': '1'})
        track.width, track.height = 160, 96
        for frame in frames:
            container.mux(track.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
        container.mux(track.encode())
    words = r'h264.mp4: motion: the stream is not MPEG-4 Part 2 without B-frames, .* cmvl prepare'
    with pytest.raises(VideoError, match=words):
        read(tmp_path / 'h264.mp4', [[3]], [stream])


def test_a_stack_has_its_frames_one_after_another_and_then_where_they_are_real(pan):
    stacked = read(pan, [[3, 4], [16, 17]], ['vectors', 'residual'])
    assert stacked['imgs'].shape == (2, 96, 160, 2 * 2 + 2 + 2 * 3)
    assert stacked['signed_channels'].tolist() == [0, 2]
    for place, number in enumerate((16, 17)):
        alone = read(pan, [[number]], ['vectors', 'residual'])['imgs'][0]
        picture = stacked['imgs'][1]
        np.testing.assert_array_equal(picture[..., 2 * place : 2 * place + 2], alone[..., :2])
        np.testing.assert_array_equal(picture[..., 4 + place], alone[..., 2])
        np.testing.assert_array_equal(picture[..., 6 + 3 * place : 9 + 3 * place], alone[..., 3:])


def test_a_field_is_painted_in_pixels_block_by_block():
    vectors = np.arange(2 * 3 * 2, dtype=np.int16).reshape(1, 2, 3, 2)
    valid = np.array([[[True, False, True], [True, True, False]]])
    found, real = painted(MotionField(vectors, valid, 8), 12, 20)
    for y, x in np.ndindex(12, 20):
        np.testing.assert_array_equal(found[0, y, x], vectors[0, y // 8, x // 8] / 4)
        assert real[0, y, x] == valid[0, y // 8, x // 8]


def test_a_flip_mirrors_the_picture_and_turns_only_dx_round(pan):
    sample = read(pan, [[5], [6]], ['accumulated_vectors', 'residual'])
    with CompressedVideo(pan) as video:
        sample |= dict(video=video, rng=np.random.default_rng(0))
        plain = sample['imgs']
        flipped = TRANSFORMS.build(dict(type='MultiScaleCropFlip', size=96, scales=(1,), flip_prob=1.0))(sample)
    ((box, flip),) = flipped['crops']
    assert flip
    expected = crop_resize(plain, box, False, 96)[:, :, ::-1]
    np.testing.assert_array_equal(flipped['imgs'][..., 1:], expected[..., 1:])
    turned = np.minimum(256 - expected[..., 0].astype(int), 255)
    np.testing.assert_array_equal(flipped['imgs'][..., 0], turned)
    edge = np.array([[[[0, 7], [128, 7], [255, 7]]]], np.uint8)
    mirror_signs(edge, np.array([0]))
    assert edge.tolist() == [[[[255, 7], [128, 7], [1, 7]]]]


def test_boxes_have_the_scales_the_places_and_stay_inside():
    boxes = {multi_scale_box(np.random.default_rng(seed), 256, 340, (1, 0.875, 0.75)) for seed in range(2000)}
    assert {(box.height, box.width) for box in boxes} == {
        (256, 256), (256, 224), (224, 256), (224, 224), (224, 192), (192, 224), (192, 192),
    }  # fmt: skip
    assert all(box.top >= 0 and box.left >= 0 for box in boxes)
    assert all(box.top + box.height <= 256 and box.left + box.width <= 340 for box in boxes)
    assert len({box[:2] for box in boxes if box[2:] == (192, 192)}) == 13
    assert centre_box(256, 340, 224 / 256)[2:] == (224, 224)


def test_the_stages_have_their_roles():
    assert {'SampleSegments', 'ReadStreams', 'MultiScaleCropFlip'} <= {
        kind for kinds in ROLES.values() for kind in kinds
    }
