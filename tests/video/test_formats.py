"""docs/formats.md says what comes out, here for four containers of every codec."""

import pytest
from format_sweep import MUXERS, VARIANTS, encoders, examine, pan, table

CONTAINERS = ('mp4', 'matroska', 'avi', 'mpegts')
assert set(CONTAINERS) <= set(MUXERS)


@pytest.fixture(scope='module')
def rows(tmp_path_factory):
    folder, pictures = tmp_path_factory.mktemp('formats'), pan()
    kinds = [
        (codec, container, variant)
        for codec in encoders()
        for variant in VARIANTS
        for container in CONTAINERS
        if variant != 'interlaced'
    ]
    found = [examine(folder, codec, container, variant, pictures) for codec, container, variant in kinds]
    return [row for row in found if row is not None]


@pytest.mark.slow
def test_no_kind_of_file_is_read_wrong(rows):
    assert len(rows) > 150
    assert [row for row in rows if 'WRONG' in row.frames + row.keyframes + row.vectors] == []


@pytest.mark.slow
def test_the_page_says_what_comes_out(rows, repository):
    page = (repository / 'docs' / 'formats.md').read_text().splitlines()
    assert sorted(outcomes(table(rows)) - outcomes(page)) == []


def outcomes(lines):
    cells = [line.split(' | ') for line in lines if line.startswith('| ')]
    return {(encoder, *others) for encoder, _, *others in cells}
