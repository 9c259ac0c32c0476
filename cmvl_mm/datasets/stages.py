"""Stages of a pipeline by name, so that a config changes one without repeating the others.

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
"""Role -> types that play it. The roles stand in the order in which a pipeline has them."""

_ROLE_OF = {kind: role for role, kinds in ROLES.items() for kind in kinds}


class StageError(ValueError):
    """A name that no stage has, or that several have, or a pipeline that is not a list."""


def change(pipeline: Sequence[Any], /, **changes: dict[str, Any]) -> list[Any]:
    """A copy of a pipeline with arguments of the named stages changed.

    Args:
        pipeline: a list of stages; it stays as it is.
        changes: stage name -> its new arguments. They are merged as MMEngine merges a child config into its base:
            with `_delete_=True` they replace the whole stage.

    Raises:
        StageError: no stage or several have the name, or a change is not a dict.
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
    """Where the stage of a name is.

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
            f"Remedy: its number as text; for the first, change(pipeline, **{{'{found[0]}': dict(…)}})."
        )
    raise StageError(f'no stage is called {name!r}. The stages are {names or "none"}.')


def find(pipeline: Sequence[Any], name: str) -> list[int]:
    """Where the stages of a name are; empty if there is none."""
    return [number for number, stage in enumerate(require_list(pipeline)) if name in (str(number), *_names(stage))]


def stage_of(pipeline: Sequence[Any], name: str) -> Any:
    """The stage of a name itself, which may be read and changed.

    Raises:
        StageError: no stage or several have the name.
    """
    return pipeline[position(pipeline, name)]


def by_name(settings: Any) -> Any:
    """Settings with a dict of role -> stage in the place of every pipeline, to be compared and looked up, not run.

    Nothing is lost: a pipeline whose stages are not all ours, each role once and in the order of `ROLES`, stays a list.
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
    """Whether a config's value is a list of stages, by its key: `pipeline`, or one that ends in `_pipeline`."""
    return isinstance(value, (list, tuple)) and (key == 'pipeline' or str(key).endswith('_pipeline'))


def _roles_to_stages(pipeline: Sequence[Any]) -> dict[str, Any] | None:
    roles = [_names(stage)[0] for stage in pipeline]
    return dict(zip(roles, pipeline, strict=True)) if roles == [role for role in ROLES if role in roles] else None


def require_list(pipeline: Any) -> Sequence[Any]:
    """The pipeline as it comes.

    Raises:
        StageError: it is a dict, as configs of earlier versions have it, or something else.
    """
    if isinstance(pipeline, (list, tuple)):
        return pipeline
    if not isinstance(pipeline, dict):
        raise StageError(f'a pipeline is a list of stages, not {pipeline!r}. Remedy: pipeline=[dict(type=…), …].')
    text = ', '.join(_written(stage) for stage in in_order(pipeline) or pipeline.values())
    order = f'the order {", ".join(ROLES)}' if in_order(pipeline) else 'the order in which they run'
    raise StageError(
        f'a pipeline is a list of stages, not a dict of {", ".join(map(str, pipeline))}, as earlier versions had it. '
        f'Remedy: write the stages in {order}: pipeline=[{text}]. To change one stage of a base config: '
        'cmvl_mm.datasets.stages.change.'
    )


def in_order(pipeline: dict[str, Any]) -> list[Any]:
    """The list that a dict of stages stands for, which configs of earlier versions have; empty if it is not one.

    Their dumped configs have the stages in alphabetical order, which is not the order in which they ran.
    """
    if not pipeline or not pipeline.keys() <= ROLES.keys():
        return []
    return [pipeline[role] for role in ROLES if role in pipeline]


def _names(stage: Any) -> list[str]:
    """Role and type of a stage; of a callable that stands in the list, its class."""
    kind = stage.get('type', '') if isinstance(stage, dict) else type(stage)
    kind = (kind if isinstance(kind, str) else kind.__name__).split('.')[-1]
    return [_ROLE_OF[kind], kind] if kind in _ROLE_OF else [kind]


def _written(stage: Any) -> str:
    """A stage as a config has it."""
    if not isinstance(stage, dict) or not all(str(key).isidentifier() for key in stage):
        return repr(stage)
    arguments = sorted(stage.items(), key=lambda item: item[0] != 'type')
    return f'dict({", ".join(f"{key}={value!r}" for key, value in arguments)})'
