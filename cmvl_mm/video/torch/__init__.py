"""Videos for PyTorch: records as tensors, and data sets for `torch.utils.data.DataLoader`.  Needs torch."""

try:
    import torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != 'torch':
        raise
    text = (
        "cmvl_mm.video.torch needs torch, which is not installed. Remedy: pip install 'cmvl_mm[train]', or torch alone."
    )
    raise ModuleNotFoundError(text, name='torch') from error

from cmvl_mm.video.torch.gop_dataset import GopDataset
from cmvl_mm.video.torch.in_turn import SkippedVideoWarning
from cmvl_mm.video.torch.tensors import as_tensors
from cmvl_mm.video.torch.video_dataset import VideoDataset

__all__ = ['GopDataset', 'SkippedVideoWarning', 'VideoDataset', 'as_tensors']
