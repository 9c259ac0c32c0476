"""docs/backbones.md says what becomes of MMAction2's backbones."""

import warnings

import pytest
from backbone_sweep import BACKBONES, examine, table


@pytest.fixture(scope='module')
def rows():
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # what MMAction2's code calls that torch has deprecated
        return [examine(name) for name in BACKBONES]


@pytest.mark.slow
def test_every_backbone_works_or_is_refused_clearly(rows):
    outcomes = {row.name: [row.retrieve, row.finetune, row.context_alone, row.pretrain] for row in rows}
    unclear = {name: [text for text in found if 'UNCLEAR' in text] for name, found in outcomes.items()}
    assert {name: texts for name, texts in unclear.items() if texts} == {}
    assert {row.name: row.without_gradient for row in rows if row.without_gradient} == {}
    whole = {name for name, found in outcomes.items() if found == ['ok'] * 4}
    vectors = {name for name, found in outcomes.items() if found[:3] == ['ok'] * 3} - whole
    assert len({BACKBONES[name]['type'] for name in BACKBONES}) >= 18
    assert len({BACKBONES[name]['type'] for name in whole | vectors}) >= 18
    assert {BACKBONES[name]['type'] for name in vectors} == {'C3D', 'TimeSformer', 'UniFormerV2', 'VisionTransformer'}


@pytest.mark.slow
def test_the_page_says_what_comes_out(rows, repository):
    page = (repository / 'docs' / 'backbones.md').read_text().splitlines()
    assert [line for line in table(rows) if line not in page] == []
