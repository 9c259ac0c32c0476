"""Configs by name, from any folder."""

import pytest

from cmvl_mm.files.shipped import NotShippedError, config_names, config_path


@pytest.mark.parametrize('name', ['demo/retrieval', 'demo/retrieval.py', 'configs/demo/retrieval.py'])
def test_a_shipped_config_has_a_name_in_every_folder(name, repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert config_path(name) == repository / 'configs/demo/retrieval.py'


def test_a_file_of_ones_own_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'demo').mkdir()
    (tmp_path / 'demo/retrieval.py').write_text('')
    assert config_path('demo/retrieval.py').resolve() == tmp_path / 'demo/retrieval.py'


def test_a_misspelt_name_lists_near_ones():
    with pytest.raises(NotShippedError, match=r'demo/retreival.*such as demo/retrieval'):
        config_path('demo/retreival')


def test_fragments_have_no_name():
    assert 'pretrain_c3d_ucf' in config_names()
    assert not [name for name in config_names() if name.startswith('_base_')]
    with pytest.raises(NotShippedError):
        config_path('_base_/runtime')
