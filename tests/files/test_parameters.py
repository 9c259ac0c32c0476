"""Parameters read from a source are those that Python itself says."""

import inspect

import pytest

from cmvl_mm.files.parameters import parameters_of


def test_they_are_those_of_the_imported_function():
    from mmengine.hooks import CheckpointHook
    from mmengine.runner import Runner

    from cmvl_mm.engine.checkpoint_hook import AtomicCheckpointHook

    for module, name, known in (
        ('mmengine.runner.runner', 'Runner', Runner),
        ('mmengine.runner.runner', 'Runner.save_checkpoint', Runner.save_checkpoint),
        ('mmengine.hooks.checkpoint_hook', 'CheckpointHook', CheckpointHook),
        ('cmvl_mm.engine.checkpoint_hook', 'AtomicCheckpointHook', AtomicCheckpointHook),
    ):
        assert parameters_of(module, name) == set(inspect.signature(known).parameters) - {'self'}


def test_what_is_not_there_is_named():
    with pytest.raises(ModuleNotFoundError, match='no_such_package'):
        parameters_of('no_such_package.module', 'f')
    with pytest.raises(LookupError, match=r'runner\.py: defines no Walker'):
        parameters_of('mmengine.runner.runner', 'Walker')
