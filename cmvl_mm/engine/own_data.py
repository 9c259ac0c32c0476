"""`data=FOLDER_OR_LIST`: one key that fills in a config's lists, folders and number of classes.

    python tools/train.py configs/demo/pretrain.py --cfg-options data=prepared
    python tools/train.py configs/demo/finetune.py --cfg-options data=lists/train.txt

| key | filled with |
|---|---|
| `train_dataloader…ann_file` | the training list, or the only list |
| `val_dataloader…`, `test_dataloader…ann_file` | the test list |
| `gallery`, `query` of a retrieval | training list, test list |
| `data_prefix.video` | the folder that the lists' paths are relative to, found near the lists |
| `model.cls_head.num_classes` | lines of `classes.txt` next to the list, or the highest label plus one |

Values that an option sets itself stay. For a folder without lists a run makes lists in WORK_DIR/lists, with no
recording in both training and test, see `prepare.groups`. The filled config in the work directory no longer has `data`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.prepare.own_lists import Lists, OwnVideosError, entries_in, find_lists, make_lists

from .schedule_follow import say

_BY_HAND = '_cmvl_mm_by_hand'  # an attribute of the Config, like the lines of schedule_follow
_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def fill_data(config: Config, set_by_hand: Mapping[str, Any] | None = None, *, make_in: Path | None = None) -> None:
    """Remove `data` from a config and fill in the keys that it stands for; without `data` nothing changes.

    Args:
        config: changed in place.
        set_by_hand: options as nested dicts, which take precedence.
        make_in: folder for lists that must be made; without it `data` stays in the config, and the run makes them.

    Raises:
        OwnVideosError: the videos or lists cannot be used, or a test needs a list that does not exist.
    """
    data = config.get('data')
    if data is None or isinstance(data, Mapping):  # check_keys refuses a dict
        return
    if not isinstance(data, (str, Path)):
        raise OwnVideosError(
            f'data={data!r}: this is neither a folder nor a list. Remedy: pass data=folder or data=folder/train.txt.'
        )
    source = Path(data)
    by_hand = Config(dict(config.__dict__.get(_BY_HAND, {}) if set_by_hand is None else set_by_hand))
    lists = find_lists(source)
    tests = any(config.get(name) is not None for name in _LOADERS[1:]) or _classifies(config)
    if lists is None or (tests and lists.test is None):
        if make_in is None:
            object.__setattr__(config, _BY_HAND, by_hand.to_dict())
            return
        lists = _made(source, lists, make_in, split=tests)
    fill_lists(config, lists, by_hand)
    config.pop('data')


def _made(source: Path, lists: Lists | None, folder: Path, *, split: bool) -> Lists:
    if lists is None:
        entries, classes = entries_in(source)
        root = source
    else:
        entries, classes, root = read_list(lists.train, 'optional'), lists.classes, lists.root
    return make_lists(entries, classes, root.absolute(), folder, split=split)


def _classifies(config: Config) -> bool:
    return (config.get('model') or {}).get('cls_head') is not None


def fill_lists(config: Config, lists: Lists, by_hand: Config | None = None) -> None:
    """Write lists, video folder and number of classes into a config; see the table above.

    Args:
        config: changed in place.
        lists: lists of the videos; without a test list, only the training keys are filled.
        by_hand: options that take precedence.
    """
    by_hand = by_hand or Config()
    filled = []
    for name in _LOADERS:
        for dataset, option in _datasets(config.get(name), by_hand.get(name)):
            if dataset.get('rgb_suffix') is not None:
                raise OwnVideosError(
                    f'data={lists.train}: {name} also reads clips from original videos (rgb_suffix), which data= '
                    'cannot find. Remedy: set ann_file and data_prefix of its data set.'
                )
            mine = lists.train if name == 'train_dataloader' else lists.test
            for key, path in (('ann_file', mine), ('gallery', lists.train), ('query', lists.test)):
                if key in dataset and key not in option and path is not None:
                    dataset[key] = str(path)
                    filled.append(f'{name} {key} {path}')
            if 'data_prefix' in dataset and 'video' not in (option.get('data_prefix') or {}) and mine is not None:
                dataset['data_prefix'] = dict(video=str(lists.root))
    filled.append(f'videos in {lists.root}')
    if _classifies(config) and lists.classes and _given(by_hand, 'model', 'cls_head', 'num_classes') is None:
        before, now = config.model.cls_head.get('num_classes'), len(lists.classes)
        config.model.cls_head.num_classes = now
        names = f'num_classes {now} ({", ".join(lists.classes[:5])}{", …" if now > 5 else ""})'
        filled.append(names if before == now else f'{names}, not {before}')
    say(config, f'data: {"; ".join(filled)}.')


def _datasets(node: Any, option: Any) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Every data set with a list in a loader's config, also inside wrappers, with the options that apply to it."""
    option = option if isinstance(option, Mapping) else {}
    if not isinstance(node, dict):
        return
    if 'ann_file' in node or 'gallery' in node:
        yield node, option
    for key in ('dataset', 'datasets'):
        children = node.get(key)
        for child in children if isinstance(children, (list, tuple)) else [children]:
            yield from _datasets(child, option.get(key))


def _given(config: Any, *keys: str) -> Any:
    for key in keys:
        config = (config.get(key) if isinstance(config, (Mapping, Config)) else None) or {}
    return config or None
