"""Keys of weights saved from inside a wrapper: `module.backbone.conv1.weight` is `backbone.conv1.weight`.

| segment | where | written by |
|---|---|---|
| module | anywhere | DataParallel, DistributedDataParallel, AveragedModel, DeepSpeed |
| _orig_mod | anywhere | torch.compile |
| _fsdp_wrapped_module, _checkpoint_wrapped_module | anywhere | FSDP, activation checkpointing |
| model | at the front | a LightningModule or another class around the network |
"""

from collections.abc import Iterable, Mapping

from torch import Tensor

ANYWHERE = frozenset({'module', '_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module'})
IN_FRONT = 'model'


def bare_name(key: str) -> str:
    """The key without the segments of wrappers, in any nesting."""
    segments = [segment for segment in key.split('.') if segment not in ANYWHERE]
    while len(segments) > 1 and segments[0] == IN_FRONT:
        segments = segments[1:]
    return '.'.join(segments) or key


def unwrapped(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights under their bare names.

    Raises:
        ValueError: two keys have the same bare name.
    """
    bare: dict[str, Tensor] = {}
    origin: dict[str, str] = {}
    for key, value in weights.items():
        name = bare_name(key)
        if name in bare:
            raise ValueError(
                f'{origin[name]} and {key} name the same weights. Remedy: save the file with only one of them'
            )
        bare[name], origin[name] = value, key
    return bare


def common_prefix(wanted: Iterable[str], keys: Iterable[str]) -> str | None:
    """The common prefix of every wanted key, such as 'encoder.'; None if there is none."""
    names, held = list(wanted), set(keys)
    candidates = {key.removesuffix(names[0]) for key in held if names and key.endswith(f'.{names[0]}')}
    return next((prefix for prefix in sorted(candidates) if all(prefix + name in held for name in names)), None)
