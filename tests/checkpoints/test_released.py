"""Our networks are the released ones: every key converts, and every recorded output is reproduced.

The records are in tests/golden, whose README says where they come from.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from torch import Tensor

from cmvl_mm.checkpoints.released import UnknownKeyError, layout_of, to_ours, to_released
from cmvl_mm.engine.config import load_config
from cmvl_mm.models.losses import info_nce, pointwise_info_nce
from cmvl_mm.models.recognizer import ContextMotionRecognizer

GOLDEN = Path(__file__).resolve().parents[1] / 'golden'
NETWORKS = {'C3D': 'c3d', 'resnet26_3d': 'r3d26', 'resnet26_2p1d': 'r2plus1d26'}  # as the configs name them


def model_of(repository, name: str) -> ContextMotionRecognizer:
    """As the config of that name builds it, without weights to start from."""
    return MODELS.build(load_config(repository / f'configs/{name}.py').model | dict(init_cfg=None))


def draw(name: str, shape: tuple[int, ...]) -> Tensor:
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    return torch.from_numpy(generator.standard_normal(int(np.prod(shape))).astype(np.float32).reshape(shape))


def fill(name: str, shape: tuple[int, ...]) -> Tensor:
    if name.endswith('num_batches_tracked'):
        return torch.tensor(0)
    x = draw(name, shape)
    if name.endswith('running_var'):
        return 1 + 0.1 * x.abs()
    if name.endswith('running_mean') or (len(shape) == 1 and name.endswith('bias')):
        return 0.1 * x
    if len(shape) == 1:
        return 1 + 0.1 * x
    return x * float(np.sqrt(0.25) if 'embedding' in name else np.float32(np.sqrt(2 / np.prod(shape[1:]))))


PICKED = dict(
    v_map_slice=np.s_[:, :8], v_last_map_slice=np.s_[:, :8], m_map_slice=np.s_[:, :4],
    mq=np.s_[:, ::16], mk=np.s_[:, ::16],
)  # fmt: skip
"""What the small file holds of the recorded outputs; of the others all."""


@pytest.fixture(scope='module')
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / 'released_outputs.npz') as held:
        return dict(held)


@pytest.fixture(scope='module')
def layouts() -> dict[str, dict[str, tuple[int, ...]]]:
    """Key -> shape of each released state dict."""
    head, *lines = [line.split('\t') for line in (GOLDEN / 'released_keys.tsv').read_text().splitlines()]
    found: dict[str, dict[str, tuple[int, ...]]] = {name: {} for name in head[1:]}
    for key, *shapes in lines:
        for name, shape in zip(head[1:], shapes, strict=True):
            if shape != '-':
                found[name][key] = tuple(int(size) for size in shape.strip('()').split(',') if size)
    return found


def test_the_small_files_are_taken_from_the_whole_record(shared, golden, layouts):
    listed = json.loads((shared / 'golden' / 'released_state_dict_keys.json').read_text())
    assert layouts == {name: {key: tuple(shape) for key, shape in dict(keys).items()} for name, keys in listed.items()}
    whole = np.load(shared / 'golden' / 'released_networks.npz')
    assert golden.keys() == set(whole)
    for name, value in golden.items():
        np.testing.assert_array_equal(value, whole[name][PICKED.get(name.split('/')[1], ...)], err_msg=name)


@pytest.mark.parametrize('name', NETWORKS)
def test_every_released_key_is_one_of_ours_and_back(repository, layouts, name):
    with torch.device('meta'):
        model = model_of(repository, f'pretrain_{NETWORKS[name]}_ucf')
    ours = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    released = {key: torch.empty(shape) for key, shape in layouts[name].items()}
    converted = to_ours(released)
    assert {key: tuple(value.shape) for key, value in converted.items()} == ours
    back, dropped = to_released(converted)
    assert {key: tuple(value.shape) for key, value in back.items()} == layouts[name]
    assert all(back[key].data_ptr() == value.data_ptr() for key, value in released.items() if value.numel())
    assert dropped == []


def bare(layout: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The V-Network's keys as the finetuning and ModelScope write them."""
    prefix = 'rgb_backbone.'
    return {key.removeprefix(prefix): shape for key, shape in layout.items() if key.startswith(prefix)}


@pytest.mark.parametrize('name', NETWORKS)
@pytest.mark.parametrize('fc', ['fc', 'fc.1'])
@pytest.mark.parametrize('wrapper', ['', 'module.'])
def test_a_bare_network_is_the_finetuning_configs_model_and_back(repository, layouts, name, fc, wrapper):
    with torch.device('meta'):
        model = model_of(repository, f'finetune_{NETWORKS[name]}_ucf')
    shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    network = bare(layouts[name])
    channels = 512 if name == 'C3D' else 2048
    released = {wrapper + key: torch.empty(shape) for key, shape in network.items()}
    classifier = {f'{wrapper}{fc}.weight': torch.empty(101, channels), f'{wrapper}{fc}.bias': torch.empty(101)}
    assert layout_of(released | classifier) == 'bare'

    converted = to_ours(released | classifier)
    assert {key: tuple(value.shape) for key, value in converted.items()} == shapes
    assert converted['cls_head.fc.weight'] is classifier[f'{wrapper}{fc}.weight']
    assert to_ours(released).keys() == {key for key in shapes if key.startswith('backbone.')}
    back, dropped = to_released(converted)
    assert sorted(dropped) == ['cls_head.fc.bias', 'cls_head.fc.weight']
    assert back.keys() == {f'rgb_backbone.{key}' for key in network}
    assert all(back[f'rgb_backbone.{key}'] is released[wrapper + key] for key in network)


@pytest.mark.slow
@pytest.mark.parametrize('name', ['C3D', 'resnet26_3d'])
def test_outputs_are_the_released_networks(repository, golden, layouts, name):
    model = model_of(repository, f'pretrain_{NETWORKS[name]}_ucf').eval()
    model.load_state_dict(to_ours({key: fill(key, shape) for key, shape in layouts[name].items()}))
    imgs = draw('rgb', (2, 3, 16, 112, 112))
    iframe = draw('iframe', (2, 3, 1, 112, 112)).squeeze(2)
    motion = draw('motion', (8, 2, 8, 112, 112)).clamp(-1, 1).unflatten(0, (4, 2)).transpose(0, 1)  # (B, K, 2, ...)
    with torch.no_grad():
        maps = model.backbone(imgs)
        last = maps if model.neck is None else maps[-1]
        video_map = last if model.neck is None else model.neck(maps)
        embeddings = model.embed(imgs, motion, iframe)
        outputs = dict(
            v_map_mean=video_map.mean((2, 3, 4)),
            v_map_slice=video_map,
            v_last_map_slice=last,
            m_map_slice=model.motion_head.m_network(motion.transpose(0, 1).flatten(0, 1)),
            i_vec=model.context_head.i_network(iframe[:, :, None]).mean((2, 3, 4)),
            mq=embeddings.motion_query.flatten(0, 1),
            mk=embeddings.motion_key[:, 0].flatten(0, 1),
            iq=embeddings.context_query,
            ik=embeddings.context_key,
            loss_m=pointwise_info_nce(embeddings.motion_query, embeddings.motion_key, 0.1)[0],
            loss_i=info_nce(embeddings.context_query, embeddings.context_key, 0.1)[0],
        )
    assert {f'{name}/{key}' for key in outputs} == {key for key in golden if key.startswith(f'{name}/')}
    for key, output in outputs.items():
        expected = torch.from_numpy(golden[f'{name}/{key}'])
        output = output[PICKED.get(key, ...)]
        assert output.shape == expected.shape, key
        error = float((output - expected).abs().max() / expected.abs().max())
        assert error < 1e-4, f'{key}: {error:.1e}'


def test_key_names_by_hand():
    """The rules where the two layouts differ most."""
    pairs = {
        'rgb_backbone.conv1_s.weight': 'backbone.conv1.spatial.weight',
        'rgb_backbone.bn1_s.running_var': 'backbone.conv1.norm.running_var',
        'rgb_backbone.conv1_t.weight': 'backbone.conv1.temporal.weight',
        'rgb_backbone.bn1_t.bias': 'backbone.bn1.bias',
        'rgb_backbone.layer2.0.conv2_t.weight': 'backbone.layer2.0.conv2.temporal.weight',
        'rgb_backbone.layer2.0.bn2_t.weight': 'backbone.layer2.0.bn2.weight',
        'rgb_backbone.layer2.0.bn3.weight': 'backbone.layer2.0.bn3.weight',
        'm_backbone.layer2.0.bn2.weight': 'motion_head.m_network.layer2.0.bn2.weight',
        'transformer.encoder.layers.1.norm2.bias': 'motion_head.predictor.encoder.1.feed_forward.norm.bias',
        'transformer.decoder.layers.3.norm2.bias': 'motion_head.predictor.decoder.3.cross_attention.norm.bias',
        'transformer.decoder.layers.3.norm3.bias': 'motion_head.predictor.decoder.3.feed_forward.norm.bias',
        'k_embedding.weight': 'motion_head.predictor.memory_position',
        'iq_head.4.bias': 'context_head.query_projection.bn2.bias',
    }
    values = {key: torch.full((2,), float(i)) for i, key in enumerate(pairs)}
    converted = to_ours(values)
    assert {key: int(value[0]) for key, value in converted.items()} == {
        ours: i for i, ours in enumerate(pairs.values())
    }
    assert to_released(converted)[0].keys() == pairs.keys()


def test_heads_are_1x1_convolutions_there_and_linear_here():
    weight = torch.randn(4, 3, 1)
    converted = to_ours({'module.mk_head.3.weight': weight})
    assert torch.equal(converted['motion_head.key_projection.fc2.weight'], weight[..., 0])
    assert torch.equal(to_released(converted)[0]['mk_head.3.weight'], weight)
    # `fc` is the predictor's in a pretraining, the classifier's in a finetuned network.
    pretraining = to_ours({'fc.weight': weight, 'k_embedding.weight': weight})
    assert pretraining['motion_head.predictor.reduce.weight'] is weight
    assert to_ours({**zeros('conv1_s.weight'), 'fc.weight': weight})['cls_head.fc.weight'] is weight


def test_unknown_keys_are_refused_and_dropped_ones_named():
    with pytest.raises(UnknownKeyError, match=r"'rgb_backbone\.fc\.weight': not in the layout 'pretraining'"):
        to_ours({'rgb_backbone.fc.weight': torch.zeros(1)})
    with pytest.raises(UnknownKeyError, match=r'backbone\.layer9'):
        to_released({'backbone.layer9.0.conv1.weight': torch.zeros(1)})
    _, dropped = to_released({'cls_head.fc.weight': torch.zeros(1), 'backbone.conv1.weight': torch.zeros(1)})
    assert dropped == ['cls_head.fc.weight']


def zeros(*keys: str) -> dict[str, Tensor]:
    return {key: torch.zeros(1, 1, 1, 1, 1) for key in keys}


@pytest.mark.parametrize(
    ('state_dict', 'message'),
    [
        (zeros('conv1.weight', 'layer5.0.conv1.weight', 'head.weight'), "^'head.weight', 'layer5.0.*'bare'"),
        (zeros('conv1.weight', 'fc.2.weight'), "^'fc.2.weight': not in the layout 'bare'"),
        (zeros('conv1.weight', 'rgb_backbone.conv1.weight'), "^'conv1.weight': not in the layout 'pretraining'"),
        (zeros('rgb_backbone.conv1.weight', 'fc.bias'), "^'fc.bias': not in the layout 'pretraining'"),
        (zeros('fc.weight', 'fc.bias'), "^'fc.weight', 'fc.bias': unknown layout of weights"),
        (zeros('conv1.weight', 'fc.weight', 'fc.1.weight'), "^'fc.weight', 'fc.1.weight': several keys"),
        ({'conv1.weight': torch.zeros(64, 3, 7, 7)}, r"^'conv1.weight' is \(64, 3, 7, 7\), not a convolution over"),
        (zeros(*(f'x{i}' for i in range(7))), "'x4' and 2 more: unknown layout of weights"),
    ],
)
def test_what_is_not_wholly_of_one_layout_is_refused_by_name(state_dict, message):
    with pytest.raises(UnknownKeyError, match=message):
        to_ours(state_dict)
