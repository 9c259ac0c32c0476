"""Four short videos of several kinds, and a network of two channels with its config beside it."""

import resource
import traceback
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video.encode import write_video

CONFIG = """
_base_ = {base!r}
from cmvl_mm.datasets.stages import change
model = dict(backbone=dict(_delete_=True, type='C3DBN', width=2), init_cfg=None)
test_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(pipeline=change(_base_.test_dataloader.dataset.pipeline, sample=dict(num_clips=3{more}),
                                 crop=dict(size=32, resize_short=40))),
)
"""


def make_frames(seed: int, count: int) -> np.ndarray:
    return make_pan(displacement=(2, 1), num_frames=count, height=48, width=64, seed=seed).frames


def encode(path: Path, frames: np.ndarray, codec: str, options: dict[str, str]) -> None:
    """As other programs do: not prepared."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25, options={'threads': '1', **options})
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], 'yuv420p'
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format='rgb24')))
        container.mux(stream.encode())


@pytest.fixture(scope='session')
def made_videos(tmp_path_factory) -> Path:
    """A folder; a clip of the network spans 31 frames, so that the last video is too short for one."""
    root = tmp_path_factory.mktemp('videos')
    write_video(make_frames(0, 40), root / 'a' / 'one.mp4')
    encode(root / 'a' / 'two.mkv', make_frames(1, 55), 'libx264', {'x264-params': 'keyint=20:bframes=3:b-adapt=0'})
    encode(root / 'b' / 'three.avi', make_frames(2, 44), 'mpeg4', {'bf': '2', 'g': '12'})
    write_video(make_frames(3, 20), root / 'b' / 'short.mp4')
    return root


@pytest.fixture
def videos(made_videos, tmp_path) -> Path:
    """The same in a folder of the test's own."""
    for path in made_videos.rglob('*.*'):
        target = tmp_path / 'videos' / path.relative_to(made_videos)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return tmp_path / 'videos'


@pytest.fixture(scope='session')
def make_network(repository, tmp_path_factory):
    """(seed, more): weights in a new folder, with their config beside them; `more` goes into its SampleClips."""
    import torch
    from safetensors.torch import save_file

    import cmvl_mm.register  # noqa: F401
    from cmvl_mm.models.c3d import C3DBN

    def make(seed: int, more: str = '') -> Path:
        folder = tmp_path_factory.mktemp('network')
        torch.manual_seed(seed)
        weights = {f'backbone.{key}': value for key, value in C3DBN(width=2).state_dict().items()}
        save_file(weights, folder / 'weights.safetensors')
        base = str(repository / 'configs' / 'demo' / 'retrieval.py')
        (folder / 'config.py').write_text(CONFIG.format(base=base, more=more))
        return folder / 'weights.safetensors'

    return make


@pytest.fixture(scope='session')
def weights(make_network) -> Path:
    return make_network(0)


@pytest.fixture(scope='session')
def embedded(made_videos, weights):
    """The videos' rows."""
    from cmvl_mm.embedding.embed import embed

    return embed(made_videos, weights)


@pytest.fixture
def cmvl():
    """(words, code): a command's standard output."""
    from click.testing import CliRunner

    from cmvl_mm.cli.main import main

    def run(*words, code=0):
        result = CliRunner().invoke(main, [*map(str, words)])
        told = ''.join(traceback.format_exception(*result.exc_info)) if result.exc_info else ''
        assert result.exit_code == code, f'{result.output}\n{told}'
        return result.stdout if code == 0 else result.output

    return run


@pytest.fixture
def full_disk():
    """(bytes): a context in which no file of this process takes more, as on a disk without room."""

    @contextmanager
    def limited(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
