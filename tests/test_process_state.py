"""The check of `tests/conftest.py` that no test leaves a change of its process behind."""

import builtins
import logging
import signal
import sys

import pytest
from process_state import changes, process_state

KINDS = {
    'builtins.print': lambda patch: patch.setattr(builtins, 'print', lambda *_: None),
    'sys.argv': lambda patch: patch.setattr(sys, 'argv', ['other']),
    'variable PYTHONBREAKPOINT': lambda patch: patch.setenv('PYTHONBREAKPOINT', 'a.b'),
    'working directory': lambda patch: patch.chdir('/'),
    'logger cmvl_mm': lambda patch: patch.setattr(logging.getLogger('cmvl_mm'), 'level', logging.ERROR),
    'logging.disable': lambda patch: patch.setattr(logging.root.manager, 'disable', logging.ERROR),
}


@pytest.mark.parametrize('name', KINDS)
def test_a_change_is_named(monkeypatch, name):
    logging.getLogger('cmvl_mm')  # a logger that is new is no change
    before = process_state()
    with monkeypatch.context() as patch:
        KINDS[name](patch)
        assert [line.partition(': ')[0] for line in changes(before, process_state())] == [name]
    assert changes(before, process_state()) == set()


def test_a_handler_of_a_signal_and_settings_of_torch_and_mmengine_are_named(monkeypatch):
    torch = pytest.importorskip('torch')
    logger = pytest.importorskip('mmengine.logging').MMLogger.get_current_instance()
    before, handler = process_state(), signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        monkeypatch.setattr(logger, 'warning', print)
        with torch.no_grad():
            told = '\n'.join(sorted(changes(before, process_state())))
    finally:
        monkeypatch.undo()
        signal.signal(signal.SIGTERM, handler)
    for what in ('MMLogger ', 'handler of SIGTERM: ', 'torch.is_grad_enabled: True -> False'):
        assert what in told
    assert changes(before, process_state()) == set()
