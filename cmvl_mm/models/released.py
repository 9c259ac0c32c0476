"""State-dict keys of the authors' released pretraining code <-> ours, for C3D, R3D-26 and R(2+1)D-26.

The weights are the same. Names differ, and so do the shapes of the heads' linear layers, which the release
writes as 1x1 convolutions.
"""

import re
from collections.abc import Mapping

from torch import Tensor

FIELDS = {
    'block': r'(?:layer[1-4]\.\d+\.)?',  # '' in the stem and in C3D
    'n': r'\d[ab]?',
    'i': r'\d+',
    'leaf': r'weight|bias|running_mean|running_var|num_batches_tracked',
    'attention': r'in_proj_weight|in_proj_bias|out_proj\.weight|out_proj\.bias',
}
PREDICTOR = 'motion_head.predictor.'
HEADS = {
    'mq_head.': 'motion_head.query_projection.',
    'mk_head.': 'motion_head.key_projection.',
    'iq_head.': 'context_head.query_projection.',
    'ik_head.': 'context_head.key_projection.',
}
# (released, ours). R(2+1)D's stand first: there the norm after a factorised convolution is 'bn2_t'.
FACTORIZED_RULES = (
    ('rgb_backbone.{block}conv{n}_s.{leaf}', 'backbone.{block}conv{n}.spatial.{leaf}'),
    ('rgb_backbone.{block}bn{n}_s.{leaf}', 'backbone.{block}conv{n}.norm.{leaf}'),
    ('rgb_backbone.{block}conv{n}_t.{leaf}', 'backbone.{block}conv{n}.temporal.{leaf}'),
    ('rgb_backbone.{block}bn{n}_t.{leaf}', 'backbone.{block}bn{n}.{leaf}'),
)
PLAIN_RULES = (
    *(
        (released + layer, ours + layer)
        for released, ours in (
            ('rgb_backbone.', 'backbone.'),
            ('m_backbone.', 'motion_head.m_network.'),
            ('i_backbone.', 'context_head.i_network.'),
        )
        for layer in ('{block}conv{n}.{leaf}', '{block}bn{n}.{leaf}', '{block}downsample.{i}.{leaf}')
    ),
    ('fc.weight', PREDICTOR + 'reduce.weight'),
    ('k_embedding.weight', PREDICTOR + 'memory_position'),
    ('q_embedding.weight', PREDICTOR + 'query_position'),
    *(
        (f'transformer.{part}.layers.{{i}}.{released}', f'{PREDICTOR}{part}.{{i}}.{ours}')
        for part, last_norm in (('encoder', 'norm2'), ('decoder', 'norm3'))
        for released, ours in (
            ('self_attn.{attention}', 'self_attention.attention.{attention}'),
            ('norm1.{leaf}', 'self_attention.norm.{leaf}'),
            ('fc1.{leaf}', 'feed_forward.fc1.{leaf}'),
            ('fc2.{leaf}', 'feed_forward.fc2.{leaf}'),
            (last_norm + '.{leaf}', 'feed_forward.norm.{leaf}'),
        )
    ),
    (
        'transformer.decoder.layers.{i}.cross_attn.{attention}',
        PREDICTOR + 'decoder.{i}.cross_attention.attention.{attention}',
    ),
    ('transformer.decoder.layers.{i}.norm2.{leaf}', PREDICTOR + 'decoder.{i}.cross_attention.norm.{leaf}'),
    *(
        (f'{released}{index}.{{leaf}}', f'{ours}{layer}.{{leaf}}')
        for released, ours in HEADS.items()
        for index, layer in ((0, 'fc1'), (1, 'bn1'), (3, 'fc2'), (4, 'bn2'))
    ),
)
DROPPED_FROM_OURS = ('cls_head.', 'data_preprocessor.')  # the released pretraining model has neither
PROJECTION_WEIGHT = re.compile(r'\w+_head\.\w+_projection\.fc[12]\.weight')


class UnknownKeyError(KeyError):
    """A state-dict key that belongs to neither layout."""

    def __str__(self) -> str:
        return str(self.args[0])


def to_ours(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Released weights under our names. A leading 'module.' (DistributedDataParallel's) is taken off.

    Raises:
        UnknownKeyError: a key is not of the released pretraining layout.
    """
    converted = {}
    for key, value in state_dict.items():
        ours = _rename(key.removeprefix('module.'), FACTORIZED_RULES + PLAIN_RULES)
        converted[ours] = value.squeeze(-1) if PROJECTION_WEIGHT.fullmatch(ours) else value
    return converted


def to_released(state_dict: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Our weights under the released names, and the keys dropped because the release has nothing like them.

    Raises:
        UnknownKeyError: a key is not one of a `ContextMotionRecognizer` of the paper.
    """
    factorized = tuple((ours, released) for released, ours in FACTORIZED_RULES)
    plain = tuple((ours, released) for released, ours in PLAIN_RULES)
    # our 'bn2' is released as 'bn2_t' where it follows a factorised convolution, as 'bn2' elsewhere
    temporal = '.temporal.weight'
    norms_of_pairs = {
        key.removesuffix(temporal).replace('.conv', '.bn') for key in state_dict if key.endswith(temporal)
    }
    converted, dropped = {}, []
    for key, value in state_dict.items():
        if key.startswith(DROPPED_FROM_OURS):
            dropped.append(key)
            continue
        of_pair = '.conv' in key or key.rpartition('.')[0] in norms_of_pairs
        released = _rename(key, factorized + plain if of_pair else plain)
        converted[released] = value.unsqueeze(-1) if PROJECTION_WEIGHT.fullmatch(key) else value
    return converted, dropped


def _rename(key: str, rules: tuple[tuple[str, str], ...]) -> str:
    for source, target in rules:
        match = _pattern(source).fullmatch(key)
        if match:
            return target.format(**match.groupdict())
    raise UnknownKeyError(
        f'{key!r} is not a key of the pretraining layout (C3D, R3D-26, R(2+1)D-26). '
        'Remedy: check the direction (--to) and that this is a pretraining checkpoint.'
    )


def _pattern(template: str) -> re.Pattern[str]:
    """'a.{n}.b' -> a regular expression with a named group for each field. `re` caches the compiled ones."""
    pieces = re.split(r'\{(\w+)\}', template)
    return re.compile(
        ''.join(f'(?P<{piece}>{FIELDS[piece]})' if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
    )
