"""`tools/test.py --sha256`: another file than the published one is refused before anything is built."""

import importlib.util
import sys

import pytest
import torch

from cmvl_mm.files.digest import DigestError, sha256_of


@pytest.fixture
def tool(repository, monkeypatch):
    """Its main, with these arguments; `test` itself is a module of Python's."""
    spec = importlib.util.spec_from_file_location('tools_test', repository / 'tools' / 'test.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(*words):
        monkeypatch.setattr(sys, 'argv', ['test.py', str(repository / 'configs/demo/retrieval.py'), *map(str, words)])
        module.main()

    monkeypatch.setattr(module, 'runner_from', lambda config: pytest.fail('the runner was built', pytrace=False))
    return run


def test_another_file_is_refused_and_the_right_one_passes(tool, tmp_path):
    path = tmp_path / 'zoo.pth'
    torch.save({'state_dict': {}}, path)
    with pytest.raises(DigestError, match=r'zoo\.pth: its SHA-256 is'):
        tool(path, '--sha256', '0' * 64)
    with pytest.raises(pytest.fail.Exception, match='the runner was built'):
        tool(path, '--sha256', sha256_of(path))


def test_a_digest_without_a_checkpoint_is_refused(tool, capsys):
    with pytest.raises(SystemExit):
        tool('--sha256', '0' * 64)
    assert '--sha256 belongs to a checkpoint' in capsys.readouterr().err
