"""Several machines: what their number changes, and which of them an error comes from."""

import re
import socket
from hashlib import sha256
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper
from mmengine.runner import BaseLoop
from torch.utils.data import DataLoader

from cmvl_mm.checkpoints.pretrained import CheckpointError
from cmvl_mm.datasets.stand_ins import Skipped
from cmvl_mm.engine import elastic, same_weights
from cmvl_mm.engine.elastic import Attempt, restart_may_help
from cmvl_mm.engine.global_batch import GlobalBatchError, processes_of, share_of
from cmvl_mm.engine.hooks import SkippedVideosHook
from cmvl_mm.engine.nodes import own_address
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.engine.same_weights import require_same_on_all_nodes


@pytest.fixture
def of_two_nodes(monkeypatch):
    """As tools/dist_train.sh starts process 3 on the second of two machines."""
    for name, value in dict(GROUP_WORLD_SIZE=2, RANK=3, WORLD_SIZE=4).items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(socket, 'gethostname', lambda: 'compute-7')


def learning_rate(batch_size, processes):
    """Of a config with 0.1 for 64 videos a step."""
    runner, loader = CompressedRunner.__new__(CompressedRunner), DataLoader(range(64), batch_size)
    runner.__dict__.update(
        _world_size=processes,
        param_schedulers=None,
        _train_dataloader=loader,
        _train_loop=MagicMock(spec=BaseLoop, dataloader=loader),
        logger=MMLogger.get_instance('rates'),
    )
    wrapper = OptimWrapper(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1))
    runner.scale_lr(wrapper, dict(enable=True, base_batch_size=64))
    return wrapper.optimizer.param_groups[0]['lr']


def test_a_global_batch_keeps_step_and_rate_on_any_number_of_nodes(monkeypatch):
    rates = {}
    for processes in (1, 2, 4, 8):
        monkeypatch.setenv('WORLD_SIZE', str(processes))
        rates[processes] = learning_rate(share_of(32, processes_of('pytorch')), processes_of('pytorch'))
    assert rates == dict.fromkeys(rates, 0.05)
    assert [learning_rate(8, processes) for processes in (4, 2)] == [0.05, 0.025]  # a batch of each process's own
    assert processes_of('none') == 1


@pytest.mark.parametrize(('batch', 'remedy'), [(6, 'such as 8'), (1, 'such as 4'), (0, 'such as 4')])
def test_a_batch_that_the_processes_cannot_share_is_refused(batch, remedy):
    with pytest.raises(GlobalBatchError, match=rf'--global-batch {batch} .* 4 processes\. Remedy: .*{remedy}'):
        share_of(batch, 4)


@pytest.mark.usefixtures('of_two_nodes')
def test_an_error_names_the_node(monkeypatch, capsys):
    monkeypatch.setattr(elastic, 'end_rank', lambda code: None)
    monkeypatch.setenv('TORCHELASTIC_RUN_ID', 'none')
    with pytest.raises(FileNotFoundError), Attempt():
        raise FileNotFoundError('train.txt: there is no such list')
    assert 'no such list\nOn node compute-7, process 3 of 4.\n' in capsys.readouterr().err
    with pytest.raises(RuntimeError), Attempt():
        raise RuntimeError('[unbound_buffer.cc:78] Timed out waiting 40000ms for recv operation to complete')
    told = capsys.readouterr().err
    assert 'On node compute-7, process 3 of 4. A process on another node did not answer in this time' in told
    assert 'env_cfg.dist_cfg.timeout seconds' in told


def test_weights_that_differ_between_nodes_are_refused(monkeypatch, tmp_path, request):
    path, gathered = tmp_path / 'weights.pth', []
    path.write_bytes(b'mine')
    other = (sha256(b'others').hexdigest(), 'compute-1')
    monkeypatch.setattr(same_weights, 'all_gather_object', lambda mine: gathered.append(mine) or [other, mine])
    require_same_on_all_nodes(path)  # of one machine
    assert not gathered
    request.getfixturevalue('of_two_nodes')
    told = (
        rf'weights\.pth: the file differs between nodes: .* {other[0][:12]}… on compute-1; '
        r'SHA-256 .* on compute-7\. Remedy: copy one'
    )
    with pytest.raises(CheckpointError, match=told):
        CompressedRunner.__new__(CompressedRunner).load_checkpoint(str(path))
    path.write_bytes(b'others')
    require_same_on_all_nodes(path)
    assert gathered[-1] == (other[0], 'compute-7')


@pytest.mark.parametrize('nodes', [1, 2])
def test_a_replaced_video_is_reported_with_the_node_that_lacks_it(monkeypatch, request, nodes):
    if nodes == 2:
        request.getfixturevalue('of_two_nodes')
    hook = SkippedVideosHook()
    sample = dict(skipped=[Skipped('a.mp4', 'broken', '/data/a.mp4: no such file')])
    runner = SimpleNamespace(hooks=[], message_hub=SimpleNamespace(update_info=lambda *_: None))
    hook.after_train_iter(runner, 0, dict(data_samples=[sample]))
    [entry] = hook.news.values()
    assert entry.reason == '/data/a.mp4: no such file' + ' (on node compute-7, process 3 of 4)' * (nodes == 2)


def test_an_error_of_one_process_counts_whichever_torchrun_sees_first():
    assert restart_may_help(-9, -15)
    assert restart_may_help(75, -15, 143)
    assert not restart_may_help(75, 1)
    assert not restart_may_help(1, 75)
    assert not restart_may_help(-15, 75)


def test_the_own_address_is_the_one_on_the_way_to_the_other():
    assert own_address('127.0.0.1', 29500) == '127.0.0.1'
    assert own_address('localhost', 29500) in ('127.0.0.1', '::1')
    with pytest.raises(OSError, match=r'.'):
        own_address('no such name', 29500)


def test_a_first_machine_that_is_unknown_is_named_with_the_remedy(capfd):
    arguments = ['--nnodes=1:2', '--node_rank=1', '--master_addr=no such name', 'never.py']
    assert elastic.main(arguments) == 1
    said = capfd.readouterr().err.splitlines()[-1]
    assert re.search(r'no such name:29500: .*Remedy: .*MASTER_ADDR and PORT of the first one', said)
