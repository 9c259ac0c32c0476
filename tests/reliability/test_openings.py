"""What the checks of killed runs count: openings of files, and blocks that were begun again."""

import subprocess

from openings import Openings, begun_again


def test_openings_by_any_process_are_seen_in_their_order(tmp_path):
    for name in 'abc':
        (tmp_path / name).write_text('x')
    with Openings(tmp_path) as opened:
        subprocess.run(['cat', 'b', 'a', 'c'], cwd=tmp_path, check=True, capture_output=True)
        (tmp_path / 'b').read_text()
        assert list(tmp_path.iterdir()) != []
        assert opened.names() == ['b', 'a', 'c', 'b']
        (tmp_path / 'c').read_text()
        assert opened.names() == ['b', 'a', 'c', 'b', 'c']


def test_a_block_that_breaks_off_and_begins_anew_is_counted_whatever_runs_beside_it():
    blocks = ['abcd', 'efgh']
    assert begun_again('aaefbfcgdh', blocks) == 0  # a file may be opened twice
    assert begun_again('abefcabgcdh', blocks) == 1
    assert begun_again('abcdabceefabcdgh', blocks) == 2
    assert begun_again('abcdefghefgh', blocks) == 1  # a finished block, too
