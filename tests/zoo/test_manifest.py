"""A manifest is read field by field, and what the package bundles is what its own manifest says."""

import json
from pathlib import Path

import pytest
import yaml
from zoo_entries import raw_entry

from cmvl_mm.checkpoints.pretrained import read_state_dict
from cmvl_mm.engine.config import load_config
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.publishing.contents import model_of
from cmvl_mm.publishing.settings import options_of
from cmvl_mm.zoo.fields import ManifestError
from cmvl_mm.zoo.manifest import LARGEST_BUNDLED, manifest_of, parse_entry, read_manifest

PACKAGED = Path(__file__).resolve().parents[2] / 'cmvl_mm' / 'zoo'


def test_an_entry_is_what_it_says():
    entry = parse_entry(raw_entry(model=dict(type='A', depths=[1, [2, 3]])), 'here')
    assert entry.name == 'tiny_c3d'
    assert entry.model == dict(type='A', depths=(1, (2, 3)))
    assert entry.seeds == (3,)
    assert entry.tests[0].metrics == {'retrieval_paper/R@1': 18.75}
    assert entry.tests[0].command('tiny_c3d') == 'python tools/test.py configs/demo/retrieval.py tiny_c3d'
    test = dict(config='a.py', options=['x.y=1', 'z=2'], protocol='p', metrics={'m': 1})
    entry = parse_entry(raw_entry(tests=[test]), 'here')
    assert entry.tests[0].command('n') == 'python tools/test.py configs/a.py n --cfg-options x.y=1 z=2'


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(name='a/b'), "name is 'a/b'"),
        (dict(config='../a.py'), r"config is '\.\./a\.py'"),
        (dict(networks='all'), "networks is 'all'. Remedy: write one of backbone, whole"),
        (dict(model=dict(type='A', x=object)), 'model is'),
        (dict(tests=[dict(config='a.py', options=[], protocol='p')]), 'test 1: lacks metrics'),
        (dict(tests=[dict(config='a.py', options=[], protocol='p', metrics={'m': '1'})]), 'metrics is'),
        (dict(seeds=[True]), 'seeds is'),
        (dict(commit='abc'), "commit is 'abc'"),
        (dict(date='today'), "date is 'today'"),
        (dict(sha256='0' * 8), "sha256 is '00000000'"),
        (dict(bytes=LARGEST_BUNDLED + 1), f'at most {LARGEST_BUNDLED}.*Remedy: write url'),
        (dict(file='weights.pth'), 'file is'),
        (dict(file=None, url='http://example.org/w.safetensors'), 'url is'),
        (dict(file=None), r'has no place\. Remedy: write exactly one of'),
        (dict(why='too large'), 'has file and why'),
        (dict(device=None), 'lacks device'),
        (dict(author='me'), 'unknown fields: author'),
    ],
)
def test_a_wrong_field_is_named_with_entry_value_and_remedy(change, message):
    with pytest.raises(ManifestError, match=message) as error:
        parse_entry(raw_entry(**change), 'zoo/manifest.yml: entry 1')
    assert str(error.value).startswith('zoo/manifest.yml: entry 1 (')
    assert 'Remedy' in str(error.value)


@pytest.mark.parametrize(
    'text', ['', '[]', 'entries: 3', 'models: []', 'entries: [3]', 'entries: [', 'entries: !tag {}']
)
def test_other_files_are_no_manifest(tmp_path, text):
    (tmp_path / 'manifest.yml').write_text(text)
    with pytest.raises(ManifestError, match=r'manifest\.yml: .*Remedy'):
        read_manifest(tmp_path)


def test_a_name_is_given_once(tmp_path):
    (tmp_path / 'manifest.yml').write_text(yaml.safe_dump(dict(entries=[raw_entry(), raw_entry()])))
    with pytest.raises(ManifestError, match=r'entry 2 \(tiny_c3d\): the name is already used'):
        read_manifest(tmp_path)


def test_what_is_written_is_read_again_and_the_head_stays(tmp_path):
    (tmp_path / 'manifest.yml').write_text('# What it is.\n# Two lines.\nentries: []\n')
    first = parse_entry(raw_entry(sha256='1' * 64, model=dict(type='A', rate=1e-5, depths=[1, [2]])), 'here')
    second = parse_entry(raw_entry(name='other', file=None, why='too large: 300 MB'), 'here')
    text = manifest_of({entry.name: entry for entry in (first, second)}, tmp_path)
    (tmp_path / 'manifest.yml').write_text(text)
    assert (tmp_path / 'manifest.yml').read_text().startswith('# What it is.\n# Two lines.\nentries:\n- name: tiny_c3d')
    assert read_manifest(tmp_path) == {'tiny_c3d': first, 'other': second}


def test_what_the_package_bundles_is_what_its_manifest_says(repository):
    """Every file of weights and every log; each model as its config builds it; each test of a config that is there."""
    entries = read_manifest(PACKAGED)
    for entry in entries.values():
        config = load_config(repository / 'configs' / entry.config, options_of(entry.options))
        assert entry.model == model_of(config, entry.networks), entry.name
        for test in entry.tests:
            assert (repository / 'configs' / test.config).is_file(), entry.name
        assert json.loads((PACKAGED / entry.log).read_text())['curves'], entry.name
        if entry.file is not None:
            path = PACKAGED / entry.file
            assert path.stat().st_size == entry.bytes <= LARGEST_BUNDLED, entry.name
            assert sha256_of(path) == entry.sha256, entry.name
            assert read_state_dict(path), entry.name
    bundled = {name for entry in entries.values() for name in (entry.file, entry.log) if name is not None}
    lying = {path.name for path in PACKAGED.iterdir() if path.suffix in ('.safetensors', '.json')}
    assert lying == bundled
