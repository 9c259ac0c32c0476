"""ReadCompressed(residual=…): energy of the frames of the vectors' windows, which crops and flips follow."""

from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from av.video.frame import VideoFrame
from mmaction.registry import DATASETS, TRANSFORMS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.decoded_frames import DecodedFrames
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config
from cmvl_mm.models.preprocessor import CompressedVideoPreprocessor
from cmvl_mm.video import CompressedVideo, block_energy, read_residuals
from cmvl_mm.video.errors import SettingError

INDEX = SampleIndex(3, epoch=1, seed=7)


@pytest.fixture
def build(repository, controlled_set):
    def build_dataset(residual, block=16, folder=controlled_set):
        config = load_config(repository / 'configs/evidence/residual_channels.py').train_dataloader.dataset.to_dict()
        stage_of(config['pipeline'], 'read')['residual'] = residual
        folder = dict(ann_file=str(folder / 'train.txt'), data_prefix=dict(video=str(folder)))
        return DATASETS.build(config | folder | dict(block=block))

    return build_dataset


def test_windows_are_those_of_the_vectors_and_the_draws_stay_the_same(build):
    """Nothing but the energy differs from the sample without it."""
    dataset = build('exact')
    sample, plain = dataset[INDEX]['inputs'], build('none')[INDEX]['inputs']
    assert sample.keys() - plain.keys() == {'residual'}
    for name in plain:
        assert torch.equal(sample[name], plain[name]), name
    assert torch.equal(build('exact', block=8)[INDEX]['inputs']['residual'], sample['residual'])
    with CompressedVideo(dataset.root + '/videos/train3.mp4') as video:
        chosen = stage_of(dataset.pipeline.transforms, 'sample')(dict(video=video, rng=INDEX.generator()))
        frames = chosen['motion_frames']
        for window, place in np.ndindex(frames.shape):
            energy, valid = block_energy(read_residuals(video, frames[window, place : place + 1], bits=8))
            mine = sample['residual'][window, place].numpy()
            np.testing.assert_array_equal(mine[..., 0], energy[0])
            np.testing.assert_array_equal(mine[..., 1], valid[0])
        inside = np.array([[video.frame_types[number] == 'P' for number in window] for window in frames])
    assert (sample['residual'][..., 1].numpy().any(axis=(2, 3)) == inside).all()  # I-frames have none
    assert not inside.all()
    assert len(np.unique(sample['residual'][..., 0])) > 100


def one_window(grid, box, flip):
    """(T, Hb, Wb, 2) values of blocks, as the loader hands them on beside equal vectors."""
    return dict(
        motion=torch.round(4 * grid)[None, None].to(torch.int16),
        residual=grid[None, None],
        motion_box=torch.tensor([[box]]),
        motion_flip=torch.tensor([[flip]]),
        motion_block=torch.tensor([16]),
    )


@pytest.mark.parametrize('flip', [False, True])
def test_crops_and_flips_move_energy_as_they_move_vectors(flip):
    """A map of vectors that are as large as the energies is the same map; but energy keeps its sign in a flip."""
    grid = torch.randint(0, 12, (3, 6, 8, 2)).float()
    raw = one_window(grid, (5, 21, 70, 61), flip)
    maps = CompressedVideoPreprocessor(motion_size=20, residual_clamp=10.0)(dict(inputs=raw))['inputs']
    assert maps['residual'].shape == (1, 1, 2, 3, 20, 20)
    assert maps['residual'][:, :, 0].max() == 1  # of 11 grey levels, 10 are kept
    torch.testing.assert_close(maps['residual'][:, :, 0], maps['motion'][:, :, 0] * (-1 if flip else 1))
    raw['motion_flip'] = ~raw['motion_flip']
    other = CompressedVideoPreprocessor(motion_size=20)(dict(inputs=raw))['inputs']['residual']
    assert torch.equal(other.flip(-1), maps['residual'])
    assert not torch.equal(other, maps['residual'])


def test_in_motion_adds_two_channels_to_the_motion_maps(build):
    dataset = build('exact')
    batch = compressed_collate([dataset[SampleIndex(number)] for number in (1, 2)])
    apart = CompressedVideoPreprocessor(motion_size=12)(batch)['inputs']
    joined = CompressedVideoPreprocessor(motion_size=12, residual='in_motion')(batch)['inputs']
    assert torch.equal(joined['motion'], torch.cat([apart['motion'], apart['residual']], dim=2))
    assert joined['motion'].shape == (2, 4, 4, 8, 12, 12)
    assert 'residual' not in joined
    assert set(apart['residual'][:, :, 1].unique().tolist()) == {0.0, 1.0}  # frames with residual and I-frames
    batch = compressed_collate([build('none')[SampleIndex(1)]])
    with pytest.raises(ValueError, match=r"residual='in_motion'.*Remedy: use ReadCompressed\(residual='exact'\)"):
        CompressedVideoPreprocessor(residual='in_motion')(batch)


def test_grids_of_other_sizes_share_a_batch():
    small, large = torch.ones(2, 3, 4, 5, 2), torch.ones(2, 3, 6, 4, 2)
    batch = compressed_collate([dict(inputs=dict(residual=grid), data_samples=0) for grid in (small, large)])
    assert batch['inputs']['residual'].shape == (2, 2, 3, 6, 5, 2)
    assert batch['inputs']['residual'].sum() == small.sum() + large.sum()


@pytest.fixture
def h264(tmp_path):
    """A list of one H.264 video without B-frames, 90 frames."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (96, 160, 3), np.uint8)
    with av.open(str(tmp_path / 'a.mp4'), 'w') as container:
        stream = container.add_stream('libx264', rate=Fraction(25), options={'x264-params': 'keyint=12:bframes=0'})
        stream.width, stream.height, stream.pix_fmt = 128, 96, 'yuv420p'
        for number in range(90):
            shown = np.ascontiguousarray(picture[:, number % 30 :][:, :128])
            container.mux(stream.encode(VideoFrame.from_ndarray(shown, format='rgb24')))
        container.mux(stream.encode())
    (tmp_path / 'train.txt').write_text('a.mp4 0\n')
    return tmp_path


def test_estimates_are_refused_unless_they_are_asked_for(build, h264):
    """No stand-in takes the place: the setting is at fault, not the video."""
    with pytest.raises(ValueError, match=r"a\.mp4: residual='exact', .* h264 .*Remedy: .*cmvl prepare"):
        build('exact', folder=h264)[SampleIndex(0)]
    sample = build('approximate', block=8, folder=h264)[SampleIndex(0)]['inputs']
    assert sample['residual'].shape == (4, 8, 12, 16, 2)
    assert sample['residual'][..., 1].any()
    with pytest.raises(SettingError, match=r'a\.mp4: motion: block is 7\. Open the video with an even block'):
        build('approximate', block=7, folder=h264)[SampleIndex(0)]
    frames = DecodedFrames(np.zeros((9, 16, 16, 3), np.uint8))
    with pytest.raises(ValueError, match='decoded frames have no residuals'):
        TRANSFORMS.build(dict(type='ReadCompressed', residual='exact'))(
            dict(video=frames, clip_frames=np.zeros((1, 2), np.int64), motion_frames=np.zeros((1, 2), np.int64))
        )


def test_settings_are_checked():
    with pytest.raises(ValueError, match="residual='yes'"):
        TRANSFORMS.build(dict(type='ReadCompressed', residual='yes'))
    with pytest.raises(ValueError, match="motion='flow' has no residual"):
        TRANSFORMS.build(dict(type='ReadCompressed', motion='flow', residual='exact'))
    with pytest.raises(ValueError, match='residual_clamp=0'):
        CompressedVideoPreprocessor(residual_clamp=0)
    with pytest.raises(ValueError, match="residual='beside'"):
        CompressedVideoPreprocessor(residual='beside')
