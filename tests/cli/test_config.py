"""`cmvl config`: names with titles; copies that say what the shipped config says."""

import json

from click.testing import CliRunner
from mmengine.config import Config

from cmvl_mm.cli.main import main
from cmvl_mm.engine.config import load_config


def run(*words, code=0):
    result = CliRunner().invoke(main, ['config', *map(str, words)])
    assert result.exit_code == code, result.output
    return result.output


def test_every_config_is_listed_with_its_title():
    titles = json.loads(run('list', '--json'))
    assert titles['demo/retrieval']
    assert all(titles.values())


def test_show_prints_what_the_options_make_of_it():
    assert 'batch_size=7' in run('show', 'demo/pretrain', '--cfg-options', 'train_dataloader.batch_size=7')
    assert 'optim_wraper' in run('show', 'demo/pretrain', '--cfg-options', 'optim_wraper.a=1', code=1)


def test_both_kinds_of_copies_are_the_config(tmp_path):
    whole, child = tmp_path / 'whole.py', tmp_path / 'child.py'
    run('copy', 'demo/pretrain', whole)
    run('copy', 'demo/pretrain', child, '--inherit')
    assert "_base_ = __import__('cmvl_mm.files.shipped'" in child.read_text()
    wanted = load_config('demo/pretrain')
    assert Config.fromfile(whole).to_dict() == Config.fromfile(child).to_dict() == wanted.to_dict()
    with child.open('a') as file:
        file.write('train_dataloader = dict(batch_size=5)\n')
    assert load_config(child).train_dataloader.batch_size == 5


def test_a_copy_overwrites_nothing_and_refuses_options_that_it_would_lose(tmp_path):
    (tmp_path / 'mine.py').write_text('kept = 1')
    assert 'already exists' in run('copy', 'demo/pretrain', tmp_path / 'mine.py', code=1)
    assert (tmp_path / 'mine.py').read_text() == 'kept = 1'
    assert 'cannot have options' in run(
        'copy', 'demo/pretrain', tmp_path / 'n.py', '--inherit', '--cfg-options', 'train_cfg.max_epochs=2', code=1
    )
