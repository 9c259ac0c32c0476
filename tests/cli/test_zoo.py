"""`cmvl zoo` and the warning of `hub.load`: what weights know is said before they are used."""

import hashlib
import json
import logging
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cmvl_mm import hub
from cmvl_mm.cli.main import main
from cmvl_mm.zoo import caution
from cmvl_mm.zoo.default import MODEL
from cmvl_mm.zoo.fields import ManifestError
from cmvl_mm.zoo.manifest import read_manifest, zoo_folder

NAME = 'evidence_both_basic'


def run(*words, code=0):
    result = CliRunner().invoke(main, ['zoo', *map(str, words)])
    assert result.exit_code == code, result.output
    return result.output


def test_show_warns_of_weights_that_have_seen_drawn_videos_only():
    assert 'is trained on drawn discs only' in run('show', NAME)
    assert json.loads(run('show', NAME, '--json'))['trained_on'] == 'controlled videos'
    assert NAME in run('list')
    assert [line.split()[0] for line in run('list').splitlines() if 'default of cmvl embed' in line] == [MODEL]
    assert f'cmvl test demo/retrieval {NAME}\n' in run('show', NAME)
    assert f'choose from: {NAME}' in run('show', 'none', code=1)


def test_a_download_is_the_published_file_and_prints_its_digest(tmp_path):
    digest, path = run('download', NAME, '--to', tmp_path / 'new').split()
    assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == digest == read_manifest()[NAME].sha256


def test_hub_warns_once_a_process(caplog):
    caution._warn_once.cache_clear()
    with caplog.at_level(logging.WARNING, 'cmvl_mm.zoo'):
        hub.load(NAME)
        hub.load(NAME)
    assert [record.message for record in caplog.records if 'discs' in record.message] == [hub.entry(NAME).caution()]


@pytest.mark.parametrize('value', [None, 'anything'])
def test_a_manifest_says_what_weights_were_trained_on(tmp_path, value):
    shutil.copy(zoo_folder() / 'manifest.yml', tmp_path)
    contents = yaml.safe_load((tmp_path / 'manifest.yml').read_text())
    contents['entries'][0]['trained_on'] = value
    (tmp_path / 'manifest.yml').write_text(yaml.safe_dump(contents))
    with pytest.raises(ManifestError, match='trained_on'):
        read_manifest(tmp_path)
