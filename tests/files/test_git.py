"""A document names the commit that ran, and whether that was all of it."""

import subprocess

import pytest

from cmvl_mm.files.git import commit_of, short_commit
from cmvl_mm.files.machine import cpu_name


@pytest.fixture
def git(tmp_path):

    def run(*words):
        command = ['git', '-C', str(tmp_path), '-c', 'user.name=a', '-c', 'user.email=a@example.org', *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    return run


def test_commit_and_changes(git, tmp_path):
    assert commit_of(tmp_path) is None
    git('init')
    assert commit_of(tmp_path) is None
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'folder' / 'file').write_text('1')
    git('add', '.')
    git('commit', '-m', 'First')
    head, short = git('rev-parse', 'HEAD'), git('rev-parse', '--short', 'HEAD')
    (tmp_path / 'new').write_text('untracked')
    assert (commit_of(tmp_path), len(head)) == (head, 40)
    assert commit_of(tmp_path / 'folder') is None  # an installed package in a project of others
    assert short_commit(tmp_path) == short
    (tmp_path / 'folder' / 'file').write_text('2')
    assert commit_of(tmp_path) == f'{head}+changes'
    assert short_commit(tmp_path) == f'{short}+'
    assert short_commit(tmp_path, ['folder/file']) == short
    assert short_commit(tmp_path, ['other']) == f'{short}+'


def test_outside_a_clone_and_the_machine(tmp_path):
    assert short_commit(tmp_path / 'nowhere') == 'unknown'
    assert cpu_name()
