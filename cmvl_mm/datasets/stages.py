"""Find stages of a pipeline by name, so that a config changes one without repeating the others.

    _base_ = './finetune_ucf.py'

    from cmvl_mm.datasets.stages import change

    train_dataloader = dict(
        dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, crop=dict(size=48)))
    )

A pipeline is MMEngine's list of dicts. A stage's name is its role, see `ROLES`, its type, or its position.
"""

from collections.abc import Sequence
from typing import Any

from mmengine.config import ConfigDict

ROLES: dict[str, tuple[str, ...]] = {
    'open': ('OpenVideo',),
    'sample': (
        *('SamplePretraining', 'SampleClips', 'SampleNearestIFrames', 'SampleFutureMotions'),
        *('SampleRotNet', 'SamplePace', 'SampleVCOP', 'SampleSpeedNet', 'SamplePRP', 'SampleVCP', 'SampleShuffleLearn'),
        *('SampleOPN', 'SampleBlocks', 'SampleViews', 'SampleDSM', 'SampleVTDL', 'SampleTempos', 'SamplePuzzle'),
        *('SampleJigsaw', 'SampleTilesAndFrames', 'SampleIIC', 'SampleTCLR', 'SampleSegments'),
    ),
    'read': ('ReadCompressed', 'ReadStreams'),
    'camera': ('SubtractCamera',),
    'crop': ('RandomCropFlip', 'CentreCrop', 'CropFlipEach', 'CropPuzzle', 'MultiScaleCropFlip'),
    'colour': ('AugmentColour', 'AugmentColourEach'),
    'pack': ('PackSample', 'PackPretext'),
}
"""Role -> types with this role. The roles are in the order of a pipeline."""

_ROLE_OF = {kind: role for role, kinds in ROLES.items() for kind in kinds}


class StageError(ValueError):
    """No stage or several stages have a name, or a pipeline is not a list."""


def change(pipeline: Sequence[Any], /, **changes: dict[str, Any]) -> list[Any]:
    """A copy of a pipeline with arguments of the named stages changed.

    Args:
        pipeline: a list of stages; it is not changed.
        changes: stage name -> its new arguments. They are merged as MMEngine merges a child config into its base:
            with `_delete_=True` they replace the whole stage.

    Raises:
        StageError: no stage or several stages have the name, or a change is not a dict.
    """
    changed = [stage.to_dict() if isinstance(stage, ConfigDict) else stage for stage in require_list(pipeline)]
    for name, arguments in changes.items():
        number = position(pipeline, name)
        if not isinstance(arguments, dict) or not isinstance(changed[number], dict):
            raise StageError(
                f'{name}={arguments!r} must be a dict of arguments for a stage that is a dict. '
                f'Remedy: {name}=dict(argument=value).'
            )
        stage = ConfigDict(changed[number])
        stage.merge(arguments)
        changed[number] = stage.to_dict()
    return changed


def position(pipeline: Sequence[Any], name: str) -> int:
    """Position of the stage with this name.

    Raises:
        StageError: no stage or several have the name.
    """
    found = find(pipeline, name)
    if len(found) == 1:
        return found[0]
    names = ', '.join(f'{number} {"/".join(_names(stage))}' for number, stage in enumerate(pipeline))
    if found:
        raise StageError(
            f'several stages are called {name!r}. The stages are {names}. '
            f"Remedy: use the stage’s number as text; for the first, change(pipeline, **{{'{found[0]}': dict(…)}})."
        )
    raise StageError(f'no stage is called {name!r}. The stages are {names or "none"}.')


def find(pipeline: Sequence[Any], name: str) -> list[int]:
    """Positions of the stages with this name; empty if there is none."""
    return [number for number, stage in enumerate(require_list(pipeline)) if name in (str(number), *_names(stage))]


def stage_of(pipeline: Sequence[Any], name: str) -> Any:
    """The stage with this name itself, which may be read and changed.

    Raises:
        StageError: no stage or several have the name.
    """
    return pipeline[position(pipeline, name)]


def by_name(settings: Any) -> Any:
    """Settings with a dict of role -> stage in place of every pipeline, for comparison and lookup, not to run.

    A pipeline stays a list if it has other stages than ours, a role twice, or another order than `ROLES`.
    """
    if isinstance(settings, (list, tuple)):
        return type(settings)(by_name(value) for value in settings)
    if not isinstance(settings, dict):
        return settings
    return {
        key: (_roles_to_stages(value) if is_pipeline(key, value) else None) or by_name(value)
        for key, value in settings.items()
    }


def is_pipeline(key: Any, value: Any) -> bool:
    """Whether a config's value is a list of stages, by its key: `pipeline`, or a key that ends in `_pipeline`."""
    return isinstance(value, (list, tuple)) and (key == 'pipeline' or str(key).endswith('_pipeline'))


def _roles_to_stages(pipeline: Sequence[Any]) -> dict[str, Any] | None:
    roles = [_names(stage)[0] for stage in pipeline]
    return dict(zip(roles, pipeline, strict=True)) if roles == [role for role in ROLES if role in roles] else None


def require_list(pipeline: Any) -> Sequence[Any]:
    """The unchanged pipeline, after a check that it is a list.

    Raises:
        StageError: it is a dict, as in configs of earlier versions, or something else.
    """
    if isinstance(pipeline, (list, tuple)):
        return pipeline
    if not isinstance(pipeline, dict):
        raise StageError(f'a pipeline is a list of stages, not {pipeline!r}. Remedy: set pipeline=[dict(type=…), …].')
    text = ', '.join(_written(stage) for stage in in_order(pipeline) or pipeline.values())
    order = f'the order {", ".join(ROLES)}' if in_order(pipeline) else 'the order in which they run'
    raise StageError(
        f'a pipeline is a list of stages, not a dict of {", ".join(map(str, pipeline))}, as in earlier versions. '
        f'Remedy: write the stages in {order}: pipeline=[{text}]. To change one stage of a base config, use '
        'cmvl_mm.datasets.stages.change.'
    )


def in_order(pipeline: dict[str, Any]) -> list[Any]:
    """The list of a dict of stages from a config of an earlier version; empty if it is not such a dict.

    Dumped configs of those versions have the stages in alphabetical order, not in the order in which they ran.
    """
    if not pipeline or not pipeline.keys() <= ROLES.keys():
        return []
    return [pipeline[role] for role in ROLES if role in pipeline]


def _names(stage: Any) -> list[str]:
    """Role and type of a stage; for a callable in the list, its class."""
    kind = stage.get('type', '') if isinstance(stage, dict) else type(stage)
    kind = (kind if isinstance(kind, str) else kind.__name__).split('.')[-1]
    return [_ROLE_OF[kind], kind] if kind in _ROLE_OF else [kind]


def _written(stage: Any) -> str:
    """A stage in the form of a config."""
    if not isinstance(stage, dict) or not all(str(key).isidentifier() for key in stage):
        return repr(stage)
    arguments = sorted(stage.items(), key=lambda item: item[0] != 'type')
    return f'dict({", ".join(f"{key}={value!r}" for key, value in arguments)})'
