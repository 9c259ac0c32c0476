"""The figures of a test by several processes are one JSON file."""

import json
import os
from types import SimpleNamespace

import pytest
from mmengine.logging import MessageHub
from torch import nn
from torch.utils.data import DataLoader

from cmvl_mm.engine import logger_hook
from cmvl_mm.engine.logger_hook import WholeFileLoggerHook
from cmvl_mm.engine.runner import CompressedRunner


def end_of_test(folder, figures):
    """What the hook does when a process's test has ended with these figures; the lines that it logs."""
    lines = []
    hook = WholeFileLoggerHook()
    hook.json_log_path = 'figures.json'
    hook.after_test_epoch(
        SimpleNamespace(
            log_dir=folder,
            test_dataloader=DataLoader(range(3)),
            model=nn.Identity(),
            logger=SimpleNamespace(info=lambda line, extra: lines.append(line)),
            log_processor=SimpleNamespace(get_log_after_epoch=lambda *_, **__: (figures, 'a line')),
        )
    )
    return lines


@pytest.mark.parametrize('others', [{'R@1': 50.0}, {'R@1': 50.0, 'time': 0.123456789}])
def test_only_the_main_process_writes(tmp_path, monkeypatch, others):
    """Whichever process comes last, and whoever's line is longer."""
    mine = {'R@1': 50.0, 'time': 0.5, 'gallery': None, 'folds': (1, 2)}
    assert 'R@1' in end_of_test(tmp_path, mine)[0]
    with monkeypatch.context() as patch:
        patch.setattr(logger_hook, 'is_main_process', lambda: False)
        end_of_test(tmp_path, others)
    assert json.loads((tmp_path / 'figures.json').read_text()) == mine | {'folds': [1, 2], 'videos': 3}
    assert [path.name for path in tmp_path.iterdir()] == ['figures.json']


def test_no_half_file(tmp_path, monkeypatch):
    """Who reads while the file is written, or after the process died in it, sees the old figures."""
    end_of_test(tmp_path, {'R@1': 50.0})
    monkeypatch.setattr(os, 'replace', lambda *_: pytest.exit('died'))
    with pytest.raises(pytest.exit.Exception, match='died'):
        end_of_test(tmp_path, {'R@1': 60.0})
    assert json.loads((tmp_path / 'figures.json').read_text()) == {'R@1': 50.0, 'videos': 3}


@pytest.mark.parametrize(('given', 'accuracy'), [({}, 0.5), ({'mean_pattern': '.*loss.*'}, 0.25)])
def test_a_logged_accuracy_is_the_mean_over_the_window(given, accuracy):
    runner = object.__new__(CompressedRunner)
    processor = runner.build_log_processor(dict(type='LogProcessor', window_size=3, by_epoch=True, **given))
    hub = MessageHub(f'accuracies {accuracy}')
    for loss, share in ((9.0, 0.0), (1.0, 1.0), (2.0, 0.25), (3.0, 0.25)):  # the window leaves out the first
        hub.update_scalar('train/loss', loss)
        hub.update_scalar('train/acc_order', share)
    runner.message_hub = hub
    hub.update_info('iter', 4)
    found = processor._collect_scalars([], runner, 'train')
    assert found == dict(loss=2.0, acc_order=accuracy)
