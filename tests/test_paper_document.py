"""PAPER.md quotes the configs' values: every `key = value` in it is what the named config holds."""

import ast
import re

import pytest

from cmvl_mm.datasets.stages import by_name
from cmvl_mm.engine.config import load_config

SHORT = {'PRE.': 'train_dataloader.dataset.pipeline.', 'TEST.': 'test_dataloader.dataset.pipeline.'}
FEWEST = {'pretrain_c3d_ucf': 30, 'pretrain_r3d26_ucf': 14, 'finetune_c3d_ucf': 13, 'retrieval_c3d_ucf': 3}


def quoted(section: str) -> list[tuple[str, object]]:
    """(key, value) of every quotation."""
    found = []
    for key, value in re.findall(r'`([\w.]+) = ([^`]+)`', section):
        for short, long in SHORT.items():
            key = re.sub(rf'^{re.escape(short)}', long, key)
        found.append((key, ast.literal_eval(value)))
    return found


def value_at(config, key):
    for part in key.split('.'):
        config = config[int(part)] if part.isdigit() else config[part]
    return tuple(config) if isinstance(config, list) else config


@pytest.mark.parametrize('name', FEWEST)
def test_quoted_values_are_the_configs(repository, name):
    sections = (repository / 'PAPER.md').read_text().split('\n## ')
    (section,) = [section for section in sections if f'`configs/{name}.py`' in section.split('\n')[0]]
    quotations = quoted(section)
    assert len(quotations) >= FEWEST[name]
    config = by_name(load_config(repository / f'configs/{name}.py').to_dict())
    for key, value in quotations:
        assert value_at(config, key) == value, key
