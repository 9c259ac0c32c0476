"""Tools as modules and as commands; and for prepare_videos.py a short clip and files under any name."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video.encode import write_video


@pytest.fixture
def tool(repository, monkeypatch):
    """Name -> that script as a module; `test` and others are modules of Python's, too."""
    monkeypatch.syspath_prepend(str(repository / 'tools'))

    def load(name):
        spec = importlib.util.spec_from_file_location(f'tools_{name}', repository / 'tools' / f'{name}.py')
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def start(monkeypatch):
    """(module, words): its main in this process."""

    def main(module, *words):
        monkeypatch.setattr(sys, 'argv', [module.__file__, *map(str, words)])
        module.main()

    return main


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
def command(repository, tmp_path):
    """Arguments -> how the script is started; ``code`` runs before it, in its workers, too."""
    tools = repository / 'tools'
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join([str(repository), str(tools)])}

    def build(*arguments, code=None):
        script = tools / 'prepare_videos.py'
        if code is not None:
            script = tmp_path / 'script.py'
            script.write_text(
                f'import sys, prepare_videos\n{code}\nif __name__ == "__main__":\n    sys.exit(prepare_videos.main())\n'
            )
        words = [sys.executable, *map(str, (script, *arguments))]
        return {'args': words, 'env': environment, 'text': True, 'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT}

    return build


@pytest.fixture
def run(command):
    """Arguments -> exit code and output of the script."""

    def finish(*arguments, **options):
        finished = subprocess.run(**command(*arguments, **options), timeout=120, check=False)
        return finished.returncode, finished.stdout

    return finish
