"""Check the inputs that a recognizer takes from a batch: the shape of the clips, and the inputs of its heads."""

from torch import Tensor


def with_clips(imgs: Tensor) -> Tensor:
    """(B, 3, T, H, W) or (B, clips, 3, T, H, W) -> (B, clips, 3, T, H, W)."""
    if imgs.ndim not in (5, 6):
        raise ValueError(f'imgs must be (B, 3, T, H, W) or (B, clips, 3, T, H, W), got {tuple(imgs.shape)}')
    return imgs if imgs.ndim == 6 else imgs.unsqueeze(1)


def single_clip(imgs: Tensor) -> Tensor:
    """Clips -> (B, 3, T, H, W); the losses are defined for one clip per video."""
    imgs = with_clips(imgs)
    if imgs.shape[1] != 1:
        raise ValueError(f'training needs one clip per video, got {imgs.shape[1]}. Remedy: set num_clips=1.')
    return imgs.squeeze(1)


def take(inputs: dict[str, Tensor], key: str, head: str) -> Tensor:
    if key not in inputs:
        raise ValueError(
            f"{head} needs inputs['{key}'], but the batch has only {sorted(inputs)}. "
            f'Remedy: let the data set load {key!r}, or set {head}=None.'
        )
    return inputs[key]
