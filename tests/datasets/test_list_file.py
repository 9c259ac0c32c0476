"""Short cuts of reading a list say what its rules say."""

import random
import re

import pytest

from cmvl_mm.datasets import list_file
from cmvl_mm.datasets.list_file import LineError


@pytest.mark.parametrize(
    ('short_cut', 'name', 'alphabet'),
    [
        ('_PLAIN_LINE', 'parse_line', 'ab/._-12  .\t\n\\é١'),
        ('_SUSPECT', 'name_fault', 'ab/. \\$?\t\x85\u2028\ufeff\udc80é'),
    ],
)
def test_short_cuts_change_nothing(monkeypatch, short_cut, name, alphabet):
    """Plain lines and faultless names are told by one search; without it, the rules one by one say the same."""

    def said(text):
        try:
            return getattr(list_file, name)(text)
        except LineError as error:
            return str(error)

    rng = random.Random(0)
    texts = [''.join(rng.choices(alphabet, k=rng.randint(0, 8))) for _ in range(20_000)]
    quick = [said(text) for text in texts]
    monkeypatch.setattr(list_file, short_cut, re.compile('(?!)' if short_cut == '_PLAIN_LINE' else ''))
    assert quick == [said(text) for text in texts]
