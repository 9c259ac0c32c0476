"""The launcher restarts what a restart may help, and nothing else."""

import os
import signal

import pytest
import torch.distributed as dist
from torch.distributed.elastic.rendezvous import RendezvousTimeoutError

from cmvl_mm.engine import elastic
from cmvl_mm.engine.elastic import RESTART_MAY_HELP, Attempt
from cmvl_mm.engine.hooks import TooManyBrokenVideos

ENDING = """
import os, pathlib, signal, sys
folder, rank, how = sys.argv[1], os.environ['RANK'], int(sys.argv[2])
pathlib.Path(folder, f'{rank}_{os.environ["TORCHELASTIC_RESTART_COUNT"]}').touch()
if rank == '1' and how < 0:
    os.kill(os.getpid(), -how)
elif rank == '1':
    sys.exit(how)
signal.pause()
"""


@pytest.fixture(autouse=True)
def _handlers_come_back():
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
    before = {number: signal.getsignal(number) for number in numbers}
    environment = dict(os.environ)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    os.environ.clear()
    os.environ.update(environment)


@pytest.mark.parametrize(
    ('how', 'attempts', 'code'),
    [
        (1, 1, 1),  # any Python error, that of an import included
        (2, 1, 2),  # argparse
        (143, 1, 143),
        (-signal.SIGTERM, 1, 143),  # before the process listened
        (-signal.SIGKILL, 2, 137),
        (RESTART_MAY_HELP, 2, RESTART_MAY_HELP),
    ],
)
def test_the_way_a_process_ends_decides_on_a_restart(tmp_path, how, attempts, code):
    script, seen = tmp_path / 'ending.py', tmp_path / 'seen'
    script.write_text(ENDING)
    seen.mkdir()
    arguments = ['--nproc_per_node=2', '--max-restarts=1', str(script), str(seen), str(how)]
    assert elastic.main(['--nnodes=1', '--master_addr=127.0.0.1', *arguments]) == code
    assert sum(path.name.startswith('1_') for path in seen.iterdir()) == attempts


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--nproc_per_node=two'], "PROCESSES='two'"),
        (['--nproc_per_node=0'], "PROCESSES='0'"),
        (['--nnodes=none'], "NNODES='none'"),
        (['--nnodes=2:1'], "NNODES='2:1' must be a whole number of at least 1, or two of them, such as 1:2"),
        (['--nnodes=1:2', '--node_rank=2'], 'NODE_RANK=2 must be 0 to 1'),
        (['--nnodes=2', '--node_rank=2'], 'NODE_RANK=2 must be 0 to 1'),
        (['--master_port=70000'], 'PORT=70000'),
        (['--max-restarts=-1'], 'MAX_RESTARTS=-1'),
    ],
)
def test_wrong_numbers_are_named_as_the_scripts_take_them(capfd, arguments, words):
    assert elastic.main(['--nnodes=1', *arguments, 'never.py']) == 2
    assert words in capfd.readouterr().err


def test_an_error_without_a_text_is_named_by_its_type(capfd, monkeypatch):
    """As that of machines that have not come within JOIN_TIMEOUT."""

    def nobody_came(_):
        raise RendezvousTimeoutError

    monkeypatch.setattr(elastic, 'meet', nobody_came)
    arguments = ['--nnodes=2', '--node_rank=1', '--master_addr=127.0.0.1', '--master_port=29517', 'none.py']
    assert elastic.main(arguments) == 1
    assert '127.0.0.1:29517: RendezvousTimeoutError. Remedy: set another PORT' in capfd.readouterr().err


def test_a_port_in_use_is_named_with_the_remedy(capfd):
    with elastic.socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert elastic.main(['--nnodes=1', '--master_addr=127.0.0.1', f'--master_port={port}', 'never.py']) == 1
    assert f'127.0.0.1:{port}: ' in capfd.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ('error', 'trained', 'repeated'),
    [
        (KeyError('misspelt'), False, False),
        (KeyError('a bug that comes late'), True, True),
        (RuntimeError('[/gloo/transport/tcp/pair.cc:547] Connection closed by peer'), False, True),
        (dist.DistNetworkError('the connection to the store was lost'), False, True),
        (TooManyBrokenVideos('6 of 40'), True, False),
    ],
)
def test_an_error_tells_the_launcher_whether_to_try_again(monkeypatch, capsys, error, trained, repeated):
    ended = []
    monkeypatch.setattr(elastic, 'end_rank', ended.append)
    monkeypatch.setenv('TORCHELASTIC_RUN_ID', 'none')

    def attempt(launcher='pytorch'):
        with Attempt(launcher) as attempt:
            attempt.runner = type('Runner', (), dict(has_trained=trained))
            raise error

    with pytest.raises(type(error)):  # `end_rank` would have ended the process before
        attempt()
    assert ended == [RESTART_MAY_HELP if repeated else 1]
    assert str(error) in capsys.readouterr().err
    monkeypatch.delenv('TORCHELASTIC_RUN_ID')
    with pytest.raises(type(error)):
        attempt('none')
    assert len(ended) == 1
    with pytest.raises(type(error)):
        attempt('slurm')  # which starts nothing again
    assert ended[1:] == [1]
