"""Use another official split of the data set with a config that names split 1."""

from typing import Any

from mmengine.config import Config

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
LIST_KEYS = ('ann_file', 'gallery', 'query')


def use_split(config: Config, number: int, source: str) -> None:
    """Replace `_split1.` by `_split<number>.` in every list that the config's data sets read, in place.

    The checkpoint that the config starts from is not changed: the pretraining of split 1 has seen test videos of the
    other splits, so the user has to choose the right one.

    Raises:
        ValueError: no list is named after split 1.
    """
    replaced = sum(_replace(config[name].dataset, number) for name in LOADERS if config.get(name) is not None)
    if replaced == 0:
        raise ValueError(
            f'{source}: --split {number} needs a list named *_split1.*, and the config has none. Remedy: omit --split.'
        )


def _replace(node: Any, number: int) -> int:
    """Rename the lists below this node; returns how many."""
    count = 0
    for key, value in node.items():
        if isinstance(value, dict):
            count += _replace(value, number)
        elif key in LIST_KEYS and isinstance(value, str) and '_split1.' in value:
            node[key] = value.replace('_split1.', f'_split{number}.')
            count += 1
    return count
