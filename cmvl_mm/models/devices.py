"""Check the device for a network before its weights are read."""

import torch


class DeviceError(ValueError):
    """This machine has no such device; the message names it and the remedy."""


def require_device(device: str | torch.device) -> torch.device:
    """The device, after a check that this machine has it.

    Args:
        device: 'cpu', 'cuda', 'cuda:0', or any other name that torch knows.

    Raises:
        DeviceError: torch does not know the name, or this machine has no such device.
    """
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise DeviceError(f'device {device!r}: torch has no device of this name. Remedy: use cpu or cuda:0.') from error
    if found.type == 'cuda':  # allocates nothing on the GPU: this process may only start workers
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            why = 'sees no GPU' if torch.backends.cuda.is_built() else 'was built without CUDA'
            raise DeviceError(f'device {str(found)!r}: torch {torch.__version__} {why}. Remedy: use the device cpu.')
        if found.index is not None and found.index >= count:
            raise DeviceError(
                f'device {str(found)!r}: torch sees {count} GPUs. Remedy: use cuda:0 to cuda:{count - 1}.'
            )
    elif found.type == 'meta':
        raise DeviceError("device 'meta' stores no values. Remedy: use cpu or cuda:0.")
    elif found.type != 'cpu':
        try:
            torch.empty(0, device=found)
        except (RuntimeError, AssertionError, ImportError) as error:
            raise DeviceError(
                f'device {str(found)!r}: torch has no such device here. Remedy: use cpu or cuda:0.'
            ) from error
    return found
