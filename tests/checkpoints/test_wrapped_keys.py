"""Weights saved from inside a wrapper are those of the network in it."""

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from cmvl_mm.checkpoints.pretrained import CheckpointError, load_weights, read_state_dict
from cmvl_mm.checkpoints.released import UnknownKeyError, layout_of, to_ours, to_released
from cmvl_mm.checkpoints.wrapped_keys import bare_name, common_prefix


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        self.cls_head = nn.Linear(3, 4)


class Around(nn.Module):
    """As a LightningModule holds its network."""

    def __init__(self, model):
        super().__init__()
        self.model = model


def compiled_part(network):
    network.backbone = torch.compile(network.backbone)
    return network


WRAPPERS = {
    'nothing': lambda network: network,
    'DataParallel': nn.DataParallel,
    'compile': torch.compile,
    'compile of DataParallel': lambda network: torch.compile(nn.DataParallel(network)),
    'DataParallel of compile': lambda network: nn.DataParallel(torch.compile(network)),
    'a compiled part': compiled_part,
    'Lightning': Around,
    'Lightning of compile of DataParallel': lambda network: Around(torch.compile(nn.DataParallel(network))),
    'AveragedModel': AveragedModel,
    'twice': lambda network: nn.DataParallel(nn.DataParallel(network)),
}


@pytest.mark.parametrize('wrapper', WRAPPERS)
@pytest.mark.parametrize('container', [None, 'state_dict', 'model_state_dict', 'model'])
def test_weights_come_out_of_wrappers(tmp_path, wrapper, container):
    network = Network()
    expected = {key: value.clone() for key, value in network.state_dict().items()}
    weights = WRAPPERS[wrapper](network).state_dict()
    torch.save(weights if container is None else {container: weights, 'epoch': 3}, tmp_path / 'w.pth')
    held = read_state_dict(tmp_path / 'w.pth')
    whole, backbone = Network(), Network().backbone
    load_weights(whole, held, source='w.pth')
    load_weights(backbone, held, source='w.pth', prefix='backbone.')
    assert all(torch.equal(value, expected[key]) for key, value in whole.state_dict().items())
    assert all(torch.equal(value, expected[f'backbone.{key}']) for key, value in backbone.state_dict().items())


def test_a_network_with_such_names_of_its_own_is_loaded_as_it_is():
    """`model` and `module` may be names of a network's own parts."""
    network = nn.Sequential()
    network.add_module('model', nn.ModuleDict({'module': nn.Linear(2, 3)}))
    other = nn.Sequential()
    other.add_module('model', nn.ModuleDict({'module': nn.Linear(2, 3)}))
    load_weights(other, network.state_dict(), source='w.pth')
    assert torch.equal(other.model['module'].weight, network.model['module'].weight)
    assert bare_name('model') == 'model'
    assert bare_name('module') == 'module'
    assert bare_name('n_averaged') == 'n_averaged'


def test_another_prefix_and_two_copies_are_refused_with_the_remedy():
    held = {f'net.encoder.{key}': value for key, value in Network().state_dict().items()}
    with pytest.raises(CheckpointError, match=r"w\.pth .*Remedy: all keys start with 'net\.encoder\.': save them"):
        load_weights(Network(), held, source='w.pth')
    assert common_prefix(['a', 'b'], ['x.a', 'y.b']) is None
    weights = Network().state_dict()
    both = {f'module.{key}': value for key, value in weights.items()}
    both |= {f'_orig_mod.{key}': value for key, value in weights.items()}
    with pytest.raises(
        CheckpointError, match=r'module\.backbone.* and _orig_mod\.backbone.* name the same weights.*Remedy'
    ):
        load_weights(Network(), both, source='w.pth')


@pytest.mark.parametrize('prefix', ['module.', 'model.', '_orig_mod.', 'model.module._orig_mod.'])
def test_the_authors_weights_are_converted_out_of_wrappers(prefix):
    stem = torch.zeros(1, 3, 1, 1, 1)
    released = {f'{prefix}rgb_backbone.conv1.weight': stem}
    assert layout_of(released) == 'pretraining'
    assert to_ours(released).keys() == {'backbone.conv1.weight'}
    back, dropped = to_released({f'{prefix}backbone.conv1.weight': stem})
    assert (list(back), dropped) == (['rgb_backbone.conv1.weight'], [])
    assert to_ours({f'{prefix}conv1.weight': stem}).keys() == {'backbone.conv1.weight'}
    with pytest.raises(UnknownKeyError, match='Remedy'):
        to_released({f'{prefix}backbone.conv1.weight': stem, 'backbone.conv1.weight': stem})
