"""Each upstream breakage is still there (else our mend can go), and each mend does what it says."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.datasets.transforms import pose_transforms

from cmvl_mm import compat


def run_python(code: str, path: str = '') -> subprocess.CompletedProcess:
    environment = os.environ | {'PYTHONPATH': os.pathsep.join(filter(None, (path, os.environ.get('PYTHONPATH'))))}
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True, timeout=120, env=environment
    )


IMPORT_MENDED = 'import cmvl_mm.compat, mmaction.models; print(mmaction.models.BMN.__name__)'


def test_mmaction_models_still_cannot_be_imported_without_the_stub_which_says_why():
    broken = run_python('import mmaction.models')
    assert "No module named 'mmaction.models.localizers.drn'" in broken.stderr
    mended = run_python(IMPORT_MENDED)
    assert mended.stdout.strip() == 'BMN', mended.stderr
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
    unmended = 'from cmvl_mm import compat; import sys; del sys.modules["mmaction.models.multimodal.vindlu"]\n'
    broken = run_python(f'{unmended}import mmaction.models', newer_transformers)
    assert 'transformers' in broken.stderr.splitlines()[-1]
    mended = run_python(IMPORT_MENDED, newer_transformers)
    assert mended.stdout.strip() == 'BMN', mended.stderr
    # One that has what it wants is left alone.
    Path(newer_transformers, 'transformers/modeling_utils.py').write_text('def apply_chunking_to_forward(): pass')
    code = 'import cmvl_mm.compat, sys; print("mmaction.models.multimodal.vindlu" in sys.modules)'
    assert run_python(code, newer_transformers).stdout.strip() == 'False'


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


@pytest.mark.parametrize(
    ('launcher', 'missing'),
    [('pytorch', 'RANK, WORLD_SIZE'), ('slurm', 'SLURM_PROCID, SLURM_NTASKS, SLURM_LOCALID')],
)
def test_launcher_without_rendezvous_names_what_is_missing(monkeypatch, launcher, missing):
    names = missing.split(', ')
    for name in (*names, 'MASTER_ADDR', 'MASTER_PORT'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(RuntimeError, match=f'needs {missing}, MASTER_ADDR, MASTER_PORT in .*Remedy: start through'):
        compat.start_process_group(launcher)


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


def test_mmcv_still_warns_of_operators_and_not_beside_compat():
    code = "import warnings; warnings.simplefilter('always', UserWarning); {}import mmcv.cnn.bricks.transformer"
    said = [run_python(code.format(first)).stderr for first in ('', 'import cmvl_mm.compat; ')]
    assert ['Fail to import' in text for text in said] == [True, False]


def test_a_transform_of_poses_still_imports_scipy_stats_and_does_so_when_it_runs():
    assert 'from scipy.stats import mode' in Path(pose_transforms.__file__).read_text()
    mended = run_python(POSES)
    assert mended.stdout.split() == ['False', '2', 'True'], mended.stderr
    assert compat._ScipyStats('scipy.stats').norm is importlib.import_module('scipy.stats').norm


POSES = """
import sys
import numpy as np
import cmvl_mm.register
from mmaction.registry import TRANSFORMS
print('scipy.stats' in sys.modules)
found = dict(total_frames=2, frame_inds=np.array([0, 0, 1]), keypoint=np.zeros((3, 17, 3)))
print(len(TRANSFORMS.build(dict(type='DecompressPose'))(found)['keypoint']))  # persons of the fullest frame
print('scipy.stats' in sys.modules)
"""
