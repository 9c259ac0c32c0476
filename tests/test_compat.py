"""Each upstream breakage is still there (else our mend can go), and each mend does what it says."""

import builtins
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import mmengine
import numpy as np
import pytest
import torch
from mmengine.fileio.handlers import PickleHandler, YamlHandler
from mmengine.logging import HistoryBuffer, MessageHub

from cmvl_mm import compat


def run_python(code: str, path: str = '') -> subprocess.CompletedProcess:
    environment = os.environ | {'PYTHONPATH': os.pathsep.join(filter(None, (path, os.environ.get('PYTHONPATH'))))}
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True, timeout=120, env=environment
    )


def test_mmaction_models_still_cannot_be_imported_without_the_stub():
    broken = run_python('import mmaction.models')
    assert "No module named 'mmaction.models.localizers.drn'" in broken.stderr
    mended = run_python('import cmvl_mm.compat, mmaction.models; print(mmaction.models.BMN.__name__)')
    assert mended.stdout.strip() == 'BMN', mended.stderr


def test_stubbed_localizer_says_why_it_cannot_be_built():
    import mmaction.models

    with pytest.raises(ImportError, match='2714'):
        mmaction.models.DRN()


@pytest.fixture
def newer_transformers(tmp_path):
    """A folder to import from: what mmaction2 looks at in transformers 5.17, without what VindLU wants."""
    package = tmp_path / 'transformers'
    package.mkdir()
    (package / '__init__.py').write_text('class BertTokenizer: pass')
    (package / 'modeling_utils.py').write_text('class PreTrainedModel: pass')
    metadata = tmp_path / 'transformers-5.17.0.dist-info/METADATA'
    metadata.parent.mkdir()
    metadata.write_text('Metadata-Version: 2.1\nName: transformers\nVersion: 5.17.0\n')
    return str(tmp_path)


def test_mmaction_models_still_cannot_be_imported_beside_a_newer_transformers(newer_transformers):
    broken = run_python('from cmvl_mm import compat; import sys; del sys.modules["mmaction.models.multimodal.vindlu"]; '
                        'import mmaction.models', newer_transformers)  # fmt: skip
    assert 'transformers' in broken.stderr.splitlines()[-1]
    mended = run_python('import cmvl_mm.compat, mmaction.models; print(mmaction.models.BMN.__name__)',
                        newer_transformers)  # fmt: skip
    assert mended.stdout.strip() == 'BMN', mended.stderr


def test_vindlu_is_left_alone_beside_a_transformers_that_has_what_it_wants(newer_transformers):
    modeling = Path(newer_transformers, 'transformers/modeling_utils.py')
    modeling.write_text('def apply_chunking_to_forward(): pass')
    found = run_python('import cmvl_mm.compat, sys; print("mmaction.models.multimodal.vindlu" in sys.modules)',
                       newer_transformers)  # fmt: skip
    assert found.stdout.strip() == 'False', found.stderr


@pytest.fixture
def history_checkpoint(tmp_path):
    hub = MessageHub('compat')
    for value in (3.0, 1.0, 2.0):
        hub.update_scalar('train/loss', value)
    hub.update_scalar('train/numpy', np.float64(0.5))
    path = tmp_path / 'history.pth'
    torch.save({'message_hub': hub.state_dict(), 'state_dict': {'w': torch.ones(2)}}, path)
    return path


def test_mmengine_checkpoints_still_need_the_allow_list(history_checkpoint):
    outcome = run_python(f'import torch, mmengine; torch.load({str(history_checkpoint)!r})')
    assert 'UnpicklingError' in outcome.stderr


def test_history_buffers_come_back_with_weights_only(history_checkpoint):
    loaded = torch.load(history_checkpoint, weights_only=True)
    buffer = loaded['message_hub']['log_scalars']['train/loss']
    assert isinstance(buffer, HistoryBuffer)
    assert (buffer.current(), buffer.max(), buffer.mean()) == (2.0, 3.0, 2.0)


class _Reduce:
    """Pickles as a call of `function(*arguments)`: what a crafted checkpoint does."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    'payload',
    [
        _Reduce(builtins.getattr, HistoryBuffer, '__init__'),
        _Reduce(builtins.getattr, _Reduce(builtins.getattr, HistoryBuffer, 'mean'), '__globals__'),
        _Reduce(builtins.getattr, np.ndarray, 'tofile'),
        _Reduce(builtins.eval, 'open("executed", "w")'),
        _Reduce(os.system, 'touch executed'),
    ],
    ids=['other-attribute', 'globals-of-a-function', 'other-class', 'eval', 'system'],
)
def test_crafted_checkpoints_run_nothing(payload, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({'state_dict': payload}, tmp_path / 'crafted.pth')
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        torch.load(tmp_path / 'crafted.pth', weights_only=True)
    assert not (tmp_path / 'executed').exists()


@pytest.fixture
def evil_yaml(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'annotations.yaml'
    path.write_text('!!python/object/apply:os.system ["touch executed"]\n')
    return path


def test_mmengine_s_own_readers_still_run_code(evil_yaml, tmp_path):
    YamlHandler().load_from_path(evil_yaml)
    assert (tmp_path / 'executed').exists()
    (tmp_path / 'executed').unlink()
    (tmp_path / 'list.pkl').write_bytes(pickle.dumps(_Reduce(os.system, 'touch executed')))
    PickleHandler().load_from_path(tmp_path / 'list.pkl')
    assert (tmp_path / 'executed').exists()


@pytest.mark.parametrize('suffix', ['yaml', 'yml', 'pkl', 'pickle'])
def test_data_files_are_read_as_data(evil_yaml, tmp_path, suffix):
    path = tmp_path / f'list.{suffix}'
    path.write_bytes(evil_yaml.read_bytes() if suffix[0] == 'y' else pickle.dumps(_Reduce(os.system, 'touch executed')))
    with pytest.raises(ValueError, match='Remedy'):
        mmengine.load(path)
    assert not (tmp_path / 'executed').exists()


def test_plain_data_files_are_read_as_before(tmp_path):
    plain = dict(videos=['a.mp4', 'b.mp4'], share=0.5)
    for suffix in ('yaml', 'yml', 'json'):
        mmengine.dump(plain, tmp_path / f'plain.{suffix}')
        assert mmengine.load(tmp_path / f'plain.{suffix}') == plain
    mmengine.dump(plain, tmp_path / 'plain.pkl')
    assert pickle.loads((tmp_path / 'plain.pkl').read_bytes()) == plain


def test_colour_jitter_upstream_still_overflows_and_ours_does_not():
    code = (
        'import numpy as np{extra}\n'
        'from mmaction.datasets.transforms.processing import ColorJitter\n'
        'image = np.full((2, 2, 3), (10, 200, 30), np.float32)\n'
        'print(ColorJitter.adjust_hue(image, -0.05).tolist())'
    )
    assert 'OverflowError' in run_python(code.format(extra='')).stderr
    turned = compat._adjust_hue(np.full((2, 2, 3), (10, 200, 30), np.float32), -0.05)
    # hue of (10, 200, 30) is 63 of 180; 12 of mmaction2's 255 steps less is 51, yellower: red rises, green stays
    assert turned[0, 0, 0] > 10
    assert turned[0, 0, 1] == 200


def test_launcher_without_rendezvous_names_what_is_missing(monkeypatch):
    for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(RuntimeError, match='MASTER_ADDR'):
        compat.start_process_group('pytorch')


@pytest.mark.parametrize('version', ['2.9.0', '2.9.1+cu128', '2.8.0', '1.13.1'])
def test_a_torch_with_broken_3d_convolutions_is_refused(version):
    with pytest.raises(RuntimeError, match=rf'{re.escape(version)} has broken 3D convolutions.*torch>=2\.10'):
        compat.check_convolutions(version, None, in_bf16=False)


@pytest.mark.parametrize(
    ('torch_version', 'cudnn', 'in_bf16', 'warns'),
    [
        ('2.10.0', 91002, True, True),
        ('2.13.0+cu130', 91400, True, True),
        ('2.10.0', 91002, False, False),
        ('2.13.0+cu130', 91500, True, False),
        ('2.13.0', 90701, True, False),
        ('2.13.0+cpu', None, True, False),
        ('3.0.0a0+git12', None, False, False),
    ],
)
def test_a_cudnn_that_torch_goes_round_is_named_in_bf16(torch_version, cudnn, in_bf16, warns):
    lines = compat.check_convolutions(torch_version, cudnn, in_bf16=in_bf16)
    assert len(lines) == warns
    assert all(f'cuDNN {cudnn}' in line and 'cuDNN >= 9.15' in line for line in lines)
