"""What a command keeps out of its result."""

import io
import logging
import sys

from mmengine.logging import MMLogger

from cmvl_mm.cli.quiet import quiet


def test_a_log_whose_screen_is_gone_stops_no_command(capsys):
    """As in a notebook, or behind a test: the log was made while standard output was another stream."""
    logger = MMLogger.get_current_instance()
    screen = io.TextIOWrapper(io.BytesIO())
    handler = logging.StreamHandler(screen)
    logger.addHandler(handler)
    screen.close()
    try:
        with quiet():
            logger.info('left out')
            logger.warning('told')
        assert handler.stream is screen
    finally:
        logger.removeHandler(handler)
    err = capsys.readouterr().err
    assert 'told' in err
    assert 'left out' not in err


def test_a_log_that_is_made_meanwhile_is_quiet_too_and_as_usual_afterwards(capsys, monkeypatch):
    monkeypatch.setattr(MMLogger, '_instance_dict', type(MMLogger._instance_dict)())
    make = MMLogger.__init__
    with quiet():
        logger = MMLogger.get_current_instance()
        logger.info('left out')
        logger.warning('told')
    assert MMLogger.__init__ is make
    told = capsys.readouterr()
    assert 'told' in told.err
    assert 'left out' not in told.err + told.out
    assert logger.level == logging.NOTSET or logger.level < logging.WARNING
    assert [handler.stream for handler in logger.handlers] != [sys.stderr]
