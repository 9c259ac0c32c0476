"""A device that is not here is refused by name, before any weights are read."""

import pytest
import torch

from cmvl_mm import hub
from cmvl_mm.embedding.folder import embed_folder
from cmvl_mm.embedding.network import load_network
from cmvl_mm.inference import ContextMotionInferencer
from cmvl_mm.models.devices import DeviceError, require_device


def test_what_is_here_is_a_device():
    assert require_device('cpu') == require_device(torch.device('cpu')) == torch.device('cpu')


@pytest.mark.parametrize(
    ('built', 'gpus', 'name', 'reason'),
    [
        (False, 0, 'cuda', 'was built without CUDA. Remedy: use the device cpu'),
        (True, 0, 'cuda:0', 'sees no GPU. Remedy: use the device cpu'),
        (True, 2, 'cuda:2', 'torch sees 2 GPUs. Remedy: use cuda:0 to cuda:1'),
        (True, 2, 'gpu', "device 'gpu': torch has no device of this name. Remedy: use cpu or cuda:0"),
    ],
)
def test_what_is_not_here_is_refused_with_what_is(monkeypatch, built, gpus, name, reason):
    monkeypatch.setattr(torch.backends.cuda, 'is_built', lambda: built)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: gpus)
    with pytest.raises(DeviceError, match=reason):
        require_device(name)


def test_a_gpu_that_is_here_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    assert require_device('cuda:1') == torch.device('cuda', 1)


@pytest.mark.parametrize(
    'start',
    [
        lambda: load_network(device='gpu'),
        lambda: hub.load('evidence_both_basic', device='gpu'),
        lambda: ContextMotionInferencer('evidence_both_basic', device='gpu'),
        lambda: embed_folder('nothing', 'nowhere/', device='gpu'),
    ],
    ids=['embed', 'hub', 'inferencer', 'folder'],
)
def test_whoever_loads_a_network_asks(start):
    with pytest.raises(DeviceError, match="device 'gpu'"):
        start()
