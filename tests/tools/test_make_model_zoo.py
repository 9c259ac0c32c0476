"""The zoo cannot drift: it is what the docstrings and the results file say, and what it names exists."""

import re
import subprocess
import sys

import pytest
import yaml

from cmvl_mm.zoo.manifest import read_manifest


@pytest.fixture
def zoo_tool(tool):
    return tool('make_model_zoo')


def test_the_files_are_up_to_date(repository):
    command = [sys.executable, 'tools/make_model_zoo.py', '--check']
    outcome = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr


def test_every_leaf_config_is_listed_once_and_every_path_exists(repository):
    leaves = {path.relative_to(repository).as_posix() for path in (repository / 'configs').rglob('*.py')}
    leaves = {leaf for leaf in leaves if '/_base_/' not in leaf}
    linked = re.findall(r'\]\((configs/[^)]+)\)', (repository / 'model_zoo.md').read_text())
    assert sorted(linked) == sorted(leaves)
    (metafile,) = yaml.safe_load((repository / 'model-index.yml').read_text())['Import']
    models = yaml.safe_load((repository / metafile).read_text())['Models']
    assert sorted(model['Config'] for model in models) == sorted(leaves)
    assert len({model['Name'] for model in models}) == len(models)
    named = re.findall(r'\b(?:configs|tools|tests)/[\w/]+\.(?:py|sh|yml)\b', (repository / 'model_zoo.md').read_text())
    assert [path for path in named if not (repository / path).exists()] == []


def test_every_config_of_the_paper_says_its_number_or_that_there_is_none(zoo_tool):
    entries = [entry for entry in zoo_tool.read_all() if not re.search('/(demo|evidence)/', entry.config)]
    assert [entry.config for entry in entries if 'Paper' not in entry.fields] == []
    tests = [entry for entry in entries if not re.search(r'/pretrain[_.]', entry.config)]
    assert [entry.config for entry in tests if 'Protocol' not in entry.fields] == []


def test_a_result_stands_in_its_row_with_where_it_comes_from(zoo_tool):
    entry = zoo_tool.read_config('configs/retrieval_c3d_ucf.py')
    result = dict(config=entry.config, ours='R@1 1.5', commit='abc', date='2026-01-02', device='a GPU')
    line = zoo_tool.row(entry, [result])
    assert '| R@1 1.5 | retrieval_paper | abc, 2026-01-02, a GPU |' in line
    assert '41.7 / 57.4 / 66.9 / 76.1' in line
    counted = zoo_tool.row(entry, [result | dict(ours='R@1 {25.0}, pretext 9.0', n=8)])
    assert '| R@1 25.0 (7.1 to 59.1), pretext 9.0; n = 8 |' in counted
    assert '| not run |' in zoo_tool.row(entry, [])


@pytest.mark.parametrize(
    ('change', 'message'), [(dict(config='configs/none.py'), 'is not a config'), (dict(seed=1), 'a result has')]
)
def test_a_result_that_cannot_be_traced_is_refused(zoo_tool, monkeypatch, tmp_path, change, message):
    result = dict(config='configs/demo/pretrain.py', ours='1', commit='abc', date='2026-01-02', device='a GPU') | change
    (tmp_path / 'results.yml').write_text(yaml.safe_dump([result]))
    entries = zoo_tool.read_all()
    monkeypatch.setattr(zoo_tool, 'RESULTS', str(tmp_path / 'results.yml'))
    with pytest.raises(zoo_tool.ZooError, match=message):
        zoo_tool.read_results(entries)


def test_every_published_name_stands_in_the_zoo(repository):
    text = (repository / 'model_zoo.md').read_text()
    for entry in read_manifest(repository / 'cmvl_mm' / 'zoo').values():
        assert f'| `{entry.name}` |' in text
        assert entry.sha256 in text
        assert all(test.command(entry.name) in text for test in entry.tests)
