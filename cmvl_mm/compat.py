"""Fixes for upstream breakages that a fresh install meets, each applied once, on import.

Nothing here is a feature. `tests/test_compat.py` fails when upstream has fixed one of them, so that the entry can go.

1. mmaction2 1.2.0's wheel lacks `localizers/drn/`, so `import mmaction.models` fails
   (https://github.com/open-mmlab/mmaction2/issues/2714).
2. mmengine's launchers assume CUDA: on a CPU they crash in `torch.cuda.set_device`. `start_process_group` starts gloo.
3. torch 2.9 and cuDNN 9.8 to 9.14 have broken or crippled 3D convolutions. `check_convolutions` refuses or warns.
4. mmaction2's `ColorJitter` adds a negative offset to a uint8 array, which NumPy >= 2 refuses.
5. With a newer transformers (seen with 4.57 and 5.17), mmaction2 1.2.0's VindLU does not find the names that it
   imports, so `import mmaction.models` fails.
6. mmcv-lite warns about compiled operators that it lacks, once per operator. Nothing here uses them.
7. mmaction2's transforms import scipy.stats, a fifth of a tool's start-up time, for one transform of poses.
"""

import importlib.util
import os
import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.distributed as dist


def stub_missing_drn() -> None:
    """Let `import mmaction.models` work although the wheel lacks one of its localizers."""
    spec = importlib.util.find_spec('mmaction')
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError('mmaction2 is not installed. Remedy: pip install mmaction2==1.2.0')
    if (Path(spec.origin).parent / 'models' / 'localizers' / 'drn' / 'drn.py').exists():
        return

    class DRN:
        """Placeholder for the localizer that is missing in mmaction2's wheel; building it raises an error."""

        def __init__(self) -> None:
            raise ImportError('DRN is missing from the mmaction2 wheel (open-mmlab/mmaction2#2714).')

    package = 'mmaction.models.localizers.drn'
    module = types.ModuleType(f'{package}.drn')
    module.DRN = DRN  # type: ignore[attr-defined]
    sys.modules.setdefault(package, types.ModuleType(package))
    sys.modules.setdefault(f'{package}.drn', module)


def leave_out_vindlu() -> None:
    """Let `import mmaction.models` work with a transformers that lacks what mmaction2's VindLU imports from it.

    VindLU's three models are then not in the registry. transformers is read, because importing it takes seconds.
    """
    spec = importlib.util.find_spec('transformers')
    if spec is None or spec.origin is None:
        return
    source = Path(spec.origin).with_name('modeling_utils.py')
    if source.exists() and 'apply_chunking_to_forward' not in source.read_text():
        package = 'mmaction.models.multimodal.vindlu'
        sys.modules.setdefault(package, types.ModuleType(package))


_OF_SLURM = {'RANK': 'SLURM_PROCID', 'WORLD_SIZE': 'SLURM_NTASKS', 'LOCAL_RANK': 'SLURM_LOCALID'}
"""torch's variable -> Slurm's."""


GROUP_SECONDS = 1800.0
"""Seconds that processes wait for each other; torch's default."""


def start_process_group(launcher: str, timeout_seconds: float = GROUP_SECONDS) -> None:
    """Start gloo for `torchrun` and Slurm on machines without CUDA; with CUDA, MMEngine's own start works.

    Call it before the Runner is built. Slurm's rank variables are translated to torch's; the rendezvous
    address comes from MASTER_ADDR and MASTER_PORT, which `slurm_train.sh` exports.

    On one machine, torchrun keeps its key-value store when it restarts processes that died. Without separate keys, new
    processes would find the dead ones' addresses there and wait for them. On several machines, each start has its own
    store, and a machine that came back has counted no restarts.

    Raises:
        RuntimeError: the environment lacks variables that the launcher should set; the message gives the remedy.
    """
    if launcher == 'none' or torch.cuda.is_available() or dist.is_initialized():
        return
    names = _OF_SLURM if launcher == 'slurm' else {name: name for name in ('RANK', 'WORLD_SIZE')}
    missing = [name for name in (*names.values(), 'MASTER_ADDR', 'MASTER_PORT') if name not in os.environ]
    if missing:
        raise RuntimeError(
            f'--launcher {launcher} needs {", ".join(missing)} in the environment. '
            'Remedy: start through tools/dist_train.sh or tools/slurm_train.sh.'
        )
    os.environ.update({ours: os.environ[theirs] for ours, theirs in names.items()})
    timeout = timedelta(seconds=timeout_seconds)
    store, rank, world_size = next(dist.rendezvous('env://', timeout=timeout))
    if os.environ.get('TORCHELASTIC_USE_AGENT_STORE') == 'True':
        store = dist.PrefixStore(f'restart_{torchrun_restarts()}', store)
    dist.init_process_group('gloo', store=store, rank=rank, world_size=world_size, timeout=timeout)


RESTARTS = 'CMVL_MM_RESTARTS'
"""Number of restarts by `cmvl_mm.engine.elastic`, which sets it, including those because a node came or went."""


def torchrun_restarts() -> int:
    """Number of times that this machine's launcher has restarted its processes; 0 without torchrun."""
    return max(int(os.environ.get(name) or 0) for name in ('TORCHELASTIC_RESTART_COUNT', RESTARTS))


def check_convolutions(torch_version: str, cudnn_version: int | None, *, in_bf16: bool) -> list[str]:
    """Refuse a torch with broken 3D convolutions, and warn if cuDNN makes them slow.

    torch 2.9 computes 3D convolutions without cuDNN: four times slower under autocast, many times the memory
    (https://github.com/pytorch/pytorch/issues/166122). Before 2.9, cuDNN 9.8 and later gave wrong numbers in bf16
    (https://github.com/pytorch/pytorch/issues/163539). From 2.10 on, torch avoids cuDNN 9.8 to 9.14 in half precision:
    correct, but slow.

    Args:
        torch_version: e.g. '2.13.0+cu130'.
        cudnn_version: torch's number, 91002 for 9.10.2; None without a GPU.
        in_bf16: whether forward passes run under bf16 autocast.

    Returns:
        Warnings, if any.

    Raises:
        RuntimeError: torch is older than 2.10.
    """
    major, minor = (int(part) for part in torch_version.split('.')[:2])
    if (major, minor) < (2, 10):
        raise RuntimeError(
            f'torch {torch_version} has broken 3D convolutions (pytorch#166122, pytorch#163539). '
            'Remedy: pip install "torch>=2.10".'
        )
    if in_bf16 and cudnn_version is not None and 90800 <= cudnn_version < 91500:
        return [
            f'cuDNN {cudnn_version} is between 9.8 and 9.14: bf16 3D convolutions are slow and need much memory '
            '(pytorch#163539). Remedy: install cuDNN >= 9.15, or pass --cfg-options fast_step.precision=fp32.'
        ]
    return []


def mend_colour_jitter() -> None:
    """Compute the hue of mmaction2's `ColorJitter` in int16, as NumPy 1 silently did. Called by `cmvl_mm.register`."""
    with scipy_stats_later():
        from mmaction.datasets.transforms import processing

    processing.ColorJitter.adjust_hue = staticmethod(_adjust_hue)


def _adjust_hue(img: np.ndarray, factor: float) -> np.ndarray:
    """Shift the hue of (H, W, 3) float RGB in 0..255. The scale of 255 is mmaction2's own."""
    hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + int(factor * 255)) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)


class _ScipyStats(types.ModuleType):
    """Placeholder for scipy.stats: `mode` imports it when called, any other name at once."""

    @staticmethod
    def mode(*given: Any, **named: Any) -> Any:
        return importlib.import_module('scipy.stats').mode(*given, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):  # of the import system
            raise AttributeError(name)
        _withdraw(self)
        return getattr(importlib.import_module('scipy.stats'), name)


def _withdraw(module: types.ModuleType) -> None:
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]


@contextmanager
def scipy_stats_later() -> Iterator[None]:
    """Context for importing mmaction2's transforms: scipy.stats is imported when `DecompressPose` is first called."""
    stand_in = _ScipyStats('scipy.stats')
    sys.modules.setdefault('scipy.stats', stand_in)
    try:
        yield
    finally:
        _withdraw(stand_in)


def apply() -> None:
    """Apply the fixes that are needed before a config is built."""
    stub_missing_drn()
    leave_out_vindlu()
    warnings.filterwarnings('ignore', 'Fail to import', UserWarning, r'mmcv\.')


apply()
