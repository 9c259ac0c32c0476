"""Two configs are compared by what they hold, and a written-out config is never run."""

import pytest
from mmengine.config import Config

from cmvl_mm.publishing.settings import PublishError, first_differences, options_of, read_literals


def test_options_are_read_as_the_command_line_reads_them():
    words = ['model.backbone.width=4', 'a.b=[1,2]', 'c=None', 'd=x/y.txt']
    assert options_of(words) == {'model.backbone.width': 4, 'a.b': [1, 2], 'c': None, 'd': 'x/y.txt'}
    assert options_of([]) == {}
    with pytest.raises(PublishError, match=r"'seed' is not an option\. Remedy: write KEY=VALUE"):
        options_of(['a.b=1', 'seed'])


def test_a_config_that_was_written_out_is_read_without_running_it(tmp_path, repository):
    config = Config.fromfile(repository / 'configs/demo/retrieval.py')
    config.dump(tmp_path / 'config.py')
    found = read_literals(tmp_path / 'config.py', ('model', 'test_dataloader', 'load_from'))
    assert first_differences(found, {name: config[name] for name in found}) == ''
    assert read_literals(tmp_path / 'config.py', (), ('resume', 'nothing')) == dict(resume=False)
    flag = tmp_path / 'flag'
    (tmp_path / 'other.py').write_text(f'model = dict(type=open({str(flag)!r}, "w"))\n')
    with pytest.raises(PublishError, match=r'other\.py:1: not a plain value'):
        read_literals(tmp_path / 'other.py', ('model',))
    with pytest.raises(PublishError, match='this config lacks test'):
        read_literals(tmp_path / 'other.py', ('test',))
    assert not flag.exists()


def test_differences_are_named(tmp_path, monkeypatch):
    one = dict(a=(1, dict(b=2, c='x')), d=None)
    assert first_differences(one, dict(a=[1, dict(b=2, c='x')])) == ''
    assert first_differences(one, dict(a=[1, dict(b=3, c='y')])) == "a.1.b: 2 and 3; a.1.c: 'x' and 'y'"
    assert first_differences(one, dict(a=[1, dict(b=3, c='y')]), most=1) == 'a.1.b: 2 and 3'
    assert first_differences(one, dict(a=[1])) == "a: [1, {'b': 2, 'c': 'x'}] and [1]"
    assert first_differences(one, {}) == "a: [1, {'b': 2, 'c': 'x'}] and None"
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'list.txt').touch()
    assert first_differences(dict(a='list.txt'), dict(a=str(tmp_path / 'list.txt'))) == ''
    assert first_differences(dict(a='list.txt'), dict(a='other.txt')) == "a: 'list.txt' and 'other.txt'"
