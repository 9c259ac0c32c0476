"""The levels' classes, and how their labels hang together."""

import numpy as np
import pytest

from cmvl_mm.controlled.levels import LEVELS


@pytest.mark.parametrize('name', LEVELS)
def test_the_joint_label_counts_motions_within_contexts(name):
    level = LEVELS[name]
    classes = level.classes()
    assert classes['context'] == level.contexts
    assert classes['motion'] == level.motions
    assert classes['joint'] == tuple(f'{context}-{motion}' for context in level.contexts for motion in level.motions)


def test_the_future_levels_motions_are_made_of_a_direction_and_a_turn():
    level = LEVELS['future']
    assert level.classes()['current'] == ('right', 'left', 'up', 'down')
    assert level.classes()['turn'] == ('cw', 'ccw')
    names = level.names('dots', 'up-ccw')
    assert names == {'context': 'dots', 'motion': 'up-ccw', 'joint': 'dots-up-ccw', 'current': 'up', 'turn': 'ccw'}
    assert list(LEVELS['basic'].classes()) == ['context', 'motion', 'joint']


def test_levels_share_neither_names_nor_seeds():
    assert len({level.version for level in LEVELS.values()}) == len(LEVELS)
    assert len({level.stream for level in LEVELS.values()}) == len(LEVELS)


@pytest.mark.parametrize(('name', 'frames'), [('basic', 108), ('future', 44), ('hard', 108)])
def test_every_video_of_a_level_is_equally_long_and_a_pure_function_of_its_arguments(name, frames):
    level = LEVELS[name]
    for motion in (level.motions[0], level.motions[-1]):
        made, truth = level.make((0,), level.contexts[-1], motion)
        again, _ = level.make((0,), level.contexts[-1], motion)
        other, _ = level.make((1,), level.contexts[-1], motion)
        assert (made.shape, made.dtype) == ((frames, 112, 128, 3), np.uint8)
        np.testing.assert_array_equal(made, again)
        assert (made[0] != other[0]).mean() > 0.25
        assert (truth.context, truth.motion, truth.size) == (level.contexts[-1], motion, (112, 128))
        lengths = {len(values) for values in (truth.centres, truth.diameters, truth.displacement, truth.background)}
        assert lengths == {frames}
    with pytest.raises(ValueError, match="'tartan'"):
        level.make((0,), 'tartan', level.motions[0])
    with pytest.raises(ValueError, match="'dance'"):
        level.make((0,), level.contexts[0], 'dance')
