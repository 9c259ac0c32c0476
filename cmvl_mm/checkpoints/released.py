"""Converts state-dict keys between the authors' checkpoints and ours, for C3D, R3D-26 and R(2+1)D-26.

The weights are the same. Names differ, and so do the shapes of the heads' linear layers, which the release
writes as 1x1 convolutions. Two layouts are read, and distinguished by their keys:

| layout | written by | keys |
|---|---|---|
| pretraining | the released pretraining | `rgb_backbone.*`, `m_backbone.*`, `i_backbone.*`, predictor, heads |
| bare | the released finetuning, ModelScope's `cv_r2p1d_video_embedding` | the V-Network's own, perhaps `fc.*` |

Both have `fc.weight`: the predictor's first layer in the pretraining layout, the classifier in the bare one.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from torch import Tensor

from .wrapped_keys import bare_name, unwrapped

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
# (released, ours). R(2+1)D's come first: there the norm after a factorised convolution is 'bn2_t'.
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
PRETRAINING_PREFIXES = (
    *('rgb_backbone.', 'm_backbone.', 'i_backbone.', 'transformer.', 'k_embedding.', 'q_embedding.'),
    *HEADS,
)
BARE_STEMS = ('conv1.weight', 'conv1_s.weight')
CLASSIFIER = re.compile(r'fc\.(?:1\.)?(weight|bias)')  # Linear, or Sequential(Dropout, Linear)
DROPPED_FROM_OURS = ('cls_head.', 'data_preprocessor.')  # the released pretraining model has neither
PROJECTION_WEIGHT = re.compile(r'\w+_head\.\w+_projection\.fc[12]\.weight')


class UnknownKeyError(KeyError):
    """A state-dict key that is in neither layout."""

    def __str__(self) -> str:
        return str(self.args[0])


def layout_of(keys: Iterable[str]) -> Literal['pretraining', 'bare']:
    """The layout of the authors that these keys have; `to_ours` checks that all of them belong to it.

    Raises:
        UnknownKeyError: the keys have neither layout.
    """
    names = [bare_name(key) for key in keys]
    if any(name.startswith(PRETRAINING_PREFIXES) for name in names):
        return 'pretraining'
    if any(name in BARE_STEMS for name in names):
        return 'bare'
    raise UnknownKeyError(
        f'{_some(names)}: unknown layout of weights; known are pretraining (rgb_backbone.conv1.weight, ...) and bare '
        '(conv1.weight or conv1_s.weight, ...). Remedy: check the direction (--to) and whose checkpoint this is.'
    )


def to_ours(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The authors' weights under our names, without the prefixes of wrappers (`wrapped_keys`).

    The pretraining layout gives `backbone.*`, `motion_head.*` and `context_head.*`; a bare network gives `backbone.*`
    and, if it has a classifier, `cls_head.fc.*`. Nothing is left out.

    Raises:
        UnknownKeyError: some keys do not belong to the layout of the others, two keys name the same weights, or a
            bare network does not convolve over (T, H, W).
    """
    layout = layout_of(state_dict)
    names = {key: _released_to_ours(bare_name(key), layout) for key in state_dict}
    known = _refuse_unknown(names, layout)
    if len(set(known.values())) < len(known):
        twice = [key for key, ours in known.items() if list(known.values()).count(ours) > 1]
        raise UnknownKeyError(f'{_some(twice)}: several keys name the same weights. Remedy: keep one of them.')
    stem = next((key for key in known if bare_name(key) in BARE_STEMS), None)
    if stem is not None and state_dict[stem].ndim != 5:  # image networks have the same names
        shape = tuple(state_dict[stem].shape)
        raise UnknownKeyError(f'{stem!r} is {shape}, not a convolution over (T, H, W). Remedy: pass a video network.')
    return {
        ours: state_dict[key].squeeze(-1) if PROJECTION_WEIGHT.fullmatch(ours) else state_dict[key]
        for key, ours in known.items()
    }


def to_released(state_dict: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Our weights under the names of the pretraining layout, and the dropped keys, which it has no equivalent of.

    Raises:
        UnknownKeyError: some keys are not those of a `ContextMotionRecognizer` of the paper.
    """
    try:
        state_dict = unwrapped(state_dict)
    except ValueError as error:
        raise UnknownKeyError(f'{error}.') from None
    factorized = tuple((ours, released) for released, ours in FACTORIZED_RULES)
    plain = tuple((ours, released) for released, ours in PLAIN_RULES)
    # our 'bn2' is released as 'bn2_t' after a factorised convolution, as 'bn2' elsewhere
    temporal = '.temporal.weight'
    norms_of_pairs = {
        key.removesuffix(temporal).replace('.conv', '.bn') for key in state_dict if key.endswith(temporal)
    }
    names: dict[str, str | None] = {}
    dropped = [key for key in state_dict if key.startswith(DROPPED_FROM_OURS)]
    for key in state_dict.keys() - set(dropped):
        of_pair = '.conv' in key or key.rpartition('.')[0] in norms_of_pairs
        names[key] = _rename(key, factorized + plain if of_pair else plain)
    known = _refuse_unknown(names, 'ours')
    return {
        known[key]: value.unsqueeze(-1) if PROJECTION_WEIGHT.fullmatch(key) else value
        for key, value in state_dict.items()
        if key in known
    }, dropped


def _released_to_ours(key: str, layout: Literal['pretraining', 'bare']) -> str | None:
    if layout == 'pretraining':
        return _rename(key, FACTORIZED_RULES + PLAIN_RULES)
    if match := CLASSIFIER.fullmatch(key):
        return f'cls_head.fc.{match[1]}'
    return _rename(f'rgb_backbone.{key}', FACTORIZED_RULES + PLAIN_RULES)


def _rename(key: str, rules: tuple[tuple[str, str], ...]) -> str | None:
    for source, target in rules:
        if match := _pattern(source).fullmatch(key):
            return target.format(**match.groupdict())
    return None


def _refuse_unknown(names: Mapping[str, str | None], layout: str) -> dict[str, str]:
    known = {key: name for key, name in names.items() if name is not None}
    unknown = sorted(names.keys() - known.keys())
    if unknown:
        raise UnknownKeyError(
            f'{_some(unknown)}: not in the layout {layout!r} (C3D, R3D-26, R(2+1)D-26). '
            'Remedy: check the direction (--to) and whose checkpoint this is.'
        )
    return known


def _pattern(template: str) -> re.Pattern[str]:
    """'a.{n}.b' -> a regular expression with a named group for each field. `re` caches the compiled ones."""
    pieces = re.split(r'\{(\w+)\}', template)
    return re.compile(
        ''.join(f'(?P<{piece}>{FIELDS[piece]})' if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
    )


def _some(keys: list[str], limit: int = 5) -> str:
    return ', '.join(map(repr, keys[:limit])) + (f' and {len(keys) - limit} more' if len(keys) > limit else '')
