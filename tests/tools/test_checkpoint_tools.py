"""`tools/convert_checkpoint.py` as a user runs it, and the published digest that `tools/test.py` holds a file to."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from cmvl_mm.files.digest import DigestError, sha256_of
from cmvl_mm.workflows import run_test


@pytest.fixture
def convert(tool, start, capsys):
    """The tool in this process: exit code, output and error as the interpreter would give them."""

    def run(*words: object) -> SimpleNamespace:
        code, error = 0, ''
        try:
            start(tool('convert_checkpoint'), *words)
        except SystemExit as end:
            code, error = 1, str(end.code)
        return SimpleNamespace(returncode=code, stdout=capsys.readouterr().out, stderr=error)

    return run


def test_there_and_back(convert, tmp_path):
    weights = {'rgb_backbone.conv1.weight': torch.randn(2, 3, 3, 3, 3), 'mq_head.0.weight': torch.randn(4, 2, 1)}
    torch.save(weights, tmp_path / 'released.pth')
    there = convert(tmp_path / 'released.pth', tmp_path / 'ours.pth')
    assert there.returncode == 0, there.stderr
    assert "the layout 'pretraining'; left out: nothing" in there.stdout
    assert '2 keys: backbone.* (1), motion_head.* (1)' in there.stdout
    ours = torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict']
    assert ours.keys() == {'backbone.conv1.weight', 'motion_head.query_projection.fc1.weight'}

    back = convert(tmp_path / 'ours.pth', tmp_path / 'back.pth', '--to', 'released')
    assert back.returncode == 0, back.stderr
    returned = torch.load(tmp_path / 'back.pth', weights_only=True)['state_dict']
    assert all(torch.equal(returned[key], value) for key, value in weights.items())
    assert sorted(path.name for path in tmp_path.iterdir()) == ['back.pth', 'ours.pth', 'released.pth']


def test_a_bare_network_in_a_wrapper(convert, tmp_path):
    weights = {
        'conv1_s.weight': torch.randn(2, 3, 1, 3, 3),
        'fc.1.weight': torch.randn(5, 2),
        'fc.1.bias': torch.ones(5),
    }
    torch.save({'state_dict': weights}, tmp_path / 'finetuned.pth')
    done = convert(tmp_path / 'finetuned.pth', tmp_path / 'ours.pth')
    assert done.returncode == 0, done.stderr
    assert "the layout 'bare'; left out: nothing" in done.stdout
    assert '3 keys: backbone.* (1), cls_head.* (2)' in done.stdout
    ours = torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict']
    assert torch.equal(ours['backbone.conv1.spatial.weight'], weights['conv1_s.weight'])
    back = convert(tmp_path / 'ours.pth', tmp_path / 'back.pth', '--to', 'released')
    assert 'left out: cls_head.fc.weight, cls_head.fc.bias' in back.stdout


def test_safetensors_hold_the_weights_and_the_digest_is_checked(convert, tmp_path):
    weights = {'rgb_backbone.conv1.weight': torch.randn(2, 3, 3, 3, 3).transpose(0, 1)}
    source, target = tmp_path / 'released.pth', tmp_path / 'ours.safetensors'
    torch.save(weights, source)
    done = convert(source, target, '--sha256', sha256_of(source))
    assert done.returncode == 0, done.stderr
    assert f'ours.safetensors: sha256 {sha256_of(target)}' in done.stdout
    ours = load_file(target)
    assert torch.equal(ours['backbone.conv1.weight'], weights['rgb_backbone.conv1.weight'])
    other = convert(source, tmp_path / 'none.pth', '--sha256', '0' * 64)
    assert other.returncode == 1
    assert 'not the file that was published' in other.stderr
    assert not (tmp_path / 'none.pth').exists()


@pytest.mark.slow
def test_errors_are_one_line_and_leave_nothing(repository, convert, tmp_path):
    torch.save({'backbone.conv1.weight': torch.zeros(1)}, tmp_path / 'ours.pth')
    command = [sys.executable, repository / 'tools' / 'convert_checkpoint.py', tmp_path / 'ours.pth']
    wrong_way = subprocess.run([*command, tmp_path / 'new.pth'], capture_output=True, text=True, timeout=120)
    assert wrong_way.returncode == 1
    assert len(wrong_way.stderr.strip().splitlines()) == 1
    assert "'backbone.conv1.weight': unknown layout of weights" in wrong_way.stderr
    overwriting = convert(tmp_path / 'ours.pth', tmp_path / 'ours.pth', '--to', 'released')
    assert overwriting.returncode == 1
    assert 'exists' in overwriting.stderr
    assert [path.name for path in tmp_path.iterdir()] == ['ours.pth']


@pytest.fixture
def test_py(tool, start, repository, monkeypatch):
    """`tools/test.py` with these arguments, up to where it builds the runner."""
    module = tool('test')
    monkeypatch.setattr(run_test, 'runner_from', lambda config: pytest.fail('the runner was built', pytrace=False))
    return lambda *words: start(module, repository / 'configs/demo/retrieval.py', *words)


def test_a_digest_needs_a_checkpoint_and_that_checkpoint(test_py, tmp_path, capsys):
    path = tmp_path / 'zoo.pth'
    torch.save({'state_dict': {}}, path)
    with pytest.raises(DigestError, match=r'zoo\.pth: its SHA-256 is'):
        test_py(path, '--sha256', '0' * 64)
    with pytest.raises(pytest.fail.Exception, match='the runner was built'):
        test_py(path, '--sha256', sha256_of(path))
    with pytest.raises(SystemExit):
        test_py('--sha256', '0' * 64)
    assert '--sha256 needs a checkpoint' in capsys.readouterr().err


def test_a_dump_of_another_kind_is_refused_at_once(test_py, tmp_path, capsys):
    with pytest.raises(SystemExit):
        test_py('--dump', tmp_path / 'p.json')
    assert 'must end in .pkl or .pickle' in capsys.readouterr().err
    with pytest.raises(pytest.fail.Exception, match='the runner was built'):
        test_py('--dump', tmp_path / 'p.pkl')
