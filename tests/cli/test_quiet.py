"""What a command keeps out of its result."""

import io
import logging

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
