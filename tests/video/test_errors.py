"""The one error of the compressed stream."""

import copy

import pytest

from cmvl_mm.video.errors import FrameIndexError, VideoError


@pytest.mark.parametrize('kind', [VideoError, FrameIndexError])
def test_a_remedy_of_its_own_replaces_the_general_one_and_crosses_processes(kind):
    general = kind('a.mp4', 'index', 'it is too wide')
    special = kind('a.mp4', 'index', 'it is too wide', 'Use the profile small')
    assert special.remedy == 'Use the profile small'
    assert str(special) == 'a.mp4: index: it is too wide. Use the profile small.'
    assert str(general) == f'a.mp4: index: it is too wide. {general.remedy}.'
    for error in (general, special):  # copying goes the way that pickling goes
        again = copy.copy(error)
        assert type(again) is kind
        assert vars(again) == vars(error)
        assert str(again) == str(error)
