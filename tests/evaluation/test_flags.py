"""Flags tell queries from gallery, however they are spelt."""

import numpy as np
import pytest
import torch

from cmvl_mm.evaluation.features import Features, collect, labelled_sets, pack_result
from cmvl_mm.evaluation.flags import as_flags


def prediction(index, is_query):
    feature = torch.tensor([float(index), 1.0])
    return dict(feature=feature, gt_label=torch.tensor([index]), is_query=is_query, sample_idx=index, path=f'{index}')


@pytest.mark.parametrize('spell', [bool, int, np.int64, np.uint8, np.bool_, torch.tensor], ids=lambda s: s.__name__)
def test_flags_that_are_0_and_1_are_flags(spell):
    found = collect([pack_result(prediction(index, spell(index == 2))) for index in range(4)])
    assert found.is_query.dtype == bool
    for flags in (found.is_query, found.is_query.astype(np.int64)):
        sets = labelled_sets(Features(found.features, found.labels, flags, found.paths))
        assert (sets.query_labels.tolist(), sets.gallery_labels.tolist()) == ([2], [0, 1, 3])
        assert (sets.query[:, 0].tolist(), sets.gallery[:, 0].tolist()) == ([2], [0, 1, 3])


@pytest.mark.parametrize('flags', [[0, 2], [-1, 0], [0.0, 1.0], ['False', 'True'], [None, True]])
def test_flags_that_are_neither_are_refused(flags):
    with pytest.raises(ValueError, match='is_query must be True and False'):
        as_flags(np.array(flags))
    with pytest.raises(ValueError, match='is_query must be True and False'):
        pack_result(prediction(0, 2))
