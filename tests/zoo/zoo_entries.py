"""Entries of a manifest, as YAML holds them."""

from typing import Any

MODEL = dict(
    type='ContextMotionRecognizer',
    backbone=dict(type='C3DBN', width=2),
    data_preprocessor=dict(type='CompressedVideoPreprocessor', motion_size=12),
)


def raw_entry(**changes: Any) -> dict[str, Any]:
    """A good entry, as YAML holds it; a change to None takes the field out."""
    entry = dict(
        name='tiny_c3d',
        what='V-Network of two channels, not trained',
        trained_on='real videos',
        config='demo/pretrain.py',
        options=['train_cfg.max_epochs=2'],
        networks='backbone',
        model=MODEL,
        tests=[dict(config='demo/retrieval.py', options=[], protocol='paper', metrics={'retrieval_paper/R@1': 18.75})],
        seeds=[3],
        log='tiny_c3d.json',
        commit='0123456789' * 4,
        date='2026-11-24',
        device='two cores',
        sha256='0' * 64,
        bytes=1000,
        file='tiny_c3d.safetensors',
    )
    return {key: value for key, value in (entry | changes).items() if value is not None}
