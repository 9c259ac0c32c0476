"""The truth of a controlled video: on disk as plain arrays, and on the grid of the vectors by closed forms."""

import dataclasses

import numpy as np
import pytest

from cmvl_mm.controlled.truth import ControlledTruth, block_truth, load_truth, save_truth


def one_object(**changes):
    """A 32-px object in the middle of 112x128, over a still background; two frames."""
    fields = dict(
        context='dots',
        motion='left',
        size=(112, 128),
        centres=np.full((2, 1, 2), (63.5, 55.5), np.float32),
        diameters=np.full((2, 1), 32, np.float32),
        displacement=np.float32([[[0, 0]], [[-3, 1]]]),
        background=np.zeros((2, 2), np.float32),
        zoom=np.ones(2, np.float32),
    )
    return ControlledTruth(**(fields | changes))


def test_a_file_gives_back_what_was_saved_and_holds_no_pickle(tmp_path):
    truth = one_object()
    save_truth(truth, tmp_path / 'truth' / 'a.npz')
    assert [path.name for path in (tmp_path / 'truth').iterdir()] == ['a.npz']
    found = load_truth(tmp_path / 'truth' / 'a.npz')
    for field in dataclasses.fields(truth):
        value = getattr(found, field.name)
        np.testing.assert_array_equal(value, getattr(truth, field.name))
        assert type(value) is type(getattr(truth, field.name))
    with np.load(tmp_path / 'truth' / 'a.npz', allow_pickle=False) as plain:
        assert {plain[name].dtype.kind for name in plain.files} == {'U', 'i', 'f'}


def test_another_file_is_refused(tmp_path):
    np.savez(tmp_path / 'b.npz', flow=np.zeros(3))
    with pytest.raises(ValueError, match=r"b\.npz: it has the arrays \['flow'\].*Remedy: delete the file"):
        load_truth(tmp_path / 'b.npz')


def test_blocks_under_an_object_move_with_it():
    blocks = block_truth(one_object())
    assert blocks.vectors.shape == (2, 7, 8, 2)
    assert not blocks.vectors[0].any()
    under = blocks.vectors[1].any(axis=-1)
    # Block middles are 7.5, 23.5, ...: row 3 is at the object's height, columns 3 and 4 are 8 px off its centre.
    assert np.argwhere(under).tolist() == [[3, 3], [3, 4]]
    assert (blocks.vectors[1, 3, 3:5] == [-3, 1]).all()
    assert not blocks.inside.any()  # a block has 8 px to either side: each ends at the rim
    assert block_truth(one_object(), block=8).inside[1].sum() >= 4
    assert not (blocks.outside[1] & under).any()
    # The object touches columns 3 and 4 of rows 2 to 4, and their neighbours in row 3.
    assert blocks.outside[1].sum() == 56 - 8
    # Of two the one painted last is on top.
    twice = {name: np.repeat(getattr(one_object(), name), 2, axis=1) for name in ('centres', 'diameters')}
    both = one_object(**twice, displacement=np.float32([[[0, 0], [0, 0]], [[-3, 1], [2, 2]]]))
    assert (block_truth(both).vectors[1, 3, 3] == [2, 2]).all()


def test_a_pan_and_a_zoom_move_the_background_and_growth_an_object():
    panned = block_truth(one_object(background=np.float32([[0, 0], [2, -1]])))
    assert (panned.vectors[1, 0] == [2, -1]).all()
    zoomed = block_truth(one_object(zoom=np.float32([1, 1.25])))
    outwards = (1 - 1 / 1.25) * (np.array([7.5, 7.5]) - [63.5, 55.5])
    np.testing.assert_allclose(zoomed.vectors[1, 0, 0], outwards, rtol=1e-5)
    still = np.zeros((2, 1, 2), np.float32)
    grown = block_truth(one_object(diameters=np.float32([[32], [40]]), displacement=still))
    np.testing.assert_allclose(grown.vectors[1, 3, 3], [-8 * (1 - 32 / 40), 0], atol=1e-5)


def test_content_that_came_from_outside_is_not_counted():
    still, panned = (block_truth(one_object(background=np.float32([[0, 0], [x, 0]]))) for x in (0, 2))
    assert still.outside[1, :, 0].all()
    assert not panned.outside[1, :, 0].any()  # it entered from the left
    np.testing.assert_array_equal(panned.outside[1, :, 1:], still.outside[1, :, 1:])
