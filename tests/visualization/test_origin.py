"""A document names the commit that ran, and whether that was all of it."""

import subprocess

from cmvl_mm.visualization.origin import commit_of, cpu_name, short_commit


def test_commit_and_changes(tmp_path):
    def git(*words):
        who = ('-c', 'user.name=a', '-c', 'user.email=a@example.org')
        run = subprocess.run(['git', '-C', str(tmp_path), *who, *words], capture_output=True, text=True, check=True)
        return run.stdout.strip()

    git('init')
    (tmp_path / 'file').write_text('1')
    git('add', 'file')
    git('commit', '-m', 'First')
    head = git('rev-parse', '--short', 'HEAD')
    (tmp_path / 'new').write_text('untracked')
    assert short_commit(tmp_path) == head
    (tmp_path / 'file').write_text('2')
    assert short_commit(tmp_path) == f'{head}+'
    assert short_commit(tmp_path, ['file']) == head
    assert short_commit(tmp_path, ['other']) == f'{head}+'


def test_outside_a_clone_and_the_machine(tmp_path):
    assert short_commit(tmp_path / 'nowhere') == 'unknown'
    assert cpu_name()


def test_all_digits_of_the_root_alone(tmp_path):
    def git(*words):
        who = ('-c', 'user.name=a', '-c', 'user.email=a@example.org')
        run = subprocess.run(['git', '-C', str(tmp_path), *who, *words], capture_output=True, text=True, check=True)
        return run.stdout.strip()

    assert commit_of(tmp_path) is None
    git('init')
    assert commit_of(tmp_path) is None
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'folder' / 'file').write_text('1')
    git('add', '.')
    git('commit', '-m', 'First')
    head = git('rev-parse', 'HEAD')
    assert commit_of(tmp_path) == head
    assert len(head) == 40
    assert commit_of(tmp_path / 'folder') is None  # an installed package in a project of others
    (tmp_path / 'folder' / 'file').write_text('2')
    assert commit_of(tmp_path) == f'{head}+changes'
