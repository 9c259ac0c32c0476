"""What the tests of prepare_videos.py share: a short clip, files under any name, and the script in a process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video.encode import write_video


@pytest.fixture(scope='session')
def clip(tmp_path_factory):
    """A video of 14 frames: its bytes."""
    path = tmp_path_factory.mktemp('clip') / 'clip.mp4'
    write_video(make_pan(displacement=(2, 1), num_frames=14, height=48, width=64).frames, path)
    return path.read_bytes()


@pytest.fixture(scope='session')
def place():
    """(root, content, names): write the content under each name."""

    def write(root: Path, content: bytes, *names: str) -> None:
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    return write


@pytest.fixture
def command(repository):
    """Arguments -> how the script is started."""
    environment = {**os.environ, 'PYTHONPATH': str(repository)}

    def build(*arguments):
        script = str(repository / 'tools' / 'prepare_videos.py')
        words = [sys.executable, script, *map(str, arguments)]
        return {'args': words, 'env': environment, 'text': True, 'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT}

    return build


@pytest.fixture
def run(command):
    """Arguments -> exit code and output of the script."""

    def finish(*arguments):
        finished = subprocess.run(**command(*arguments), timeout=120, check=False)
        return finished.returncode, finished.stdout

    return finish
