"""The full-size trial is the paper's recipe on other videos for other epochs, and nothing else."""

import json

import full_size
import pytest
import report
import rows
import run
import store
from mmengine.config import DictAction
from rows import REPOSITORY

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config


def flat(node, path=''):
    if not isinstance(node, (dict, list)) or not node:
        return {path: node}
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    return {key: value for name, child in pairs for key, value in flat(child, f'{path}.{name}').items()}


@pytest.mark.parametrize('net', full_size.NETS)
def test_only_videos_batch_and_epochs_differ(net):
    words = full_size.options_of_training(epochs=60, batch=16, share=0.5)
    options = {key: DictAction._parse_iterable(value) for key, value in (word.split('=', 1) for word in words)}
    path = REPOSITORY / f'configs/pretrain_{net}_ucf.py'
    plain, mine = flat(load_config(path).to_dict()), flat(load_config(path, options).to_dict())
    assert {key for key in mine | plain if mine.get(key) != plain.get(key)} == {
        '.train_dataloader.dataset.ann_file', '.train_dataloader.dataset.data_prefix.video',
        '.train_dataloader.dataset.label_share', '.train_cfg.max_epochs', '.default_hooks.logger.interval',
        '.default_hooks.checkpoint.interval',
        '.param_scheduler.0.end', '.param_scheduler.1.begin', '.param_scheduler.1.end', '.param_scheduler.1.T_max',
    }  # fmt: skip
    assert mine['.param_scheduler.0.end'] == mine['.param_scheduler.1.begin'] == 2  # 5 of 120 epochs, in 60
    assert mine['.train_dataloader.batch_size'] == 16


def test_it_ends_in_the_document(tmp_path, monkeypatch):
    for module in (rows, store, run, full_size):
        monkeypatch.setattr(module, 'WORK', tmp_path)
    monkeypatch.setattr(store, 'PUBLISHED', tmp_path / 'results.json')
    for name in ('DOCUMENT', 'PICTURES'):
        monkeypatch.setattr(report, name, tmp_path / name)
    ran = []

    def ran_now(name, command, threads):
        ran.append([str(word) for word in command])
        if command[0] == 'tools/train.py':
            log = tmp_path / 'runs/full_c3d_0/20260101_000000/vis_data/scalars.json'
            log.parent.mkdir(parents=True)
            steps = [
                dict(epoch=1 + step // 2, step=step, loss=1.0, time=0.5) | dict.fromkeys(full_size.KEYS, step / 8)
                for step in range(6)
            ]
            log.write_text(''.join(json.dumps(step) + '\n' for step in steps))

    def figures(dump, row, split):
        return {'R@1 joint': 3.0 if 'random' in str(dump) else 9.0, 'kNN joint': 1.0}

    monkeypatch.setattr(full_size, 'run', ran_now)
    monkeypatch.setattr(full_size, 'make_level', lambda level: None)
    monkeypatch.setattr(full_size, 'figures', figures)
    monkeypatch.setattr('sys.argv', ['full_size.py', '--net', 'c3d', '--epochs', '3', '--batch', '4'])
    full_size.main()
    assert [command[0] for command in ran] == ['tools/train.py', 'tools/test.py', 'tools/test.py']
    assert ['model.init_cfg=None' in command for command in ran] == [False, True, False]
    text = report.DOCUMENT.read_text()
    for line in (
        'epoch | full_c3d: loss_context | full_c3d: loss_motion | full_c3d: acc_context | full_c3d: acc_motion',
        '1 | 0.062 | 0.062 | 6.25 | 6.25', '2 | 0.312 | 0.312 | 31.25 | 31.25', '3 | 0.562 | 0.562 | 56.25 | 56.25',
        'clips/s | 8', 'random R@1 joint | 3', 'trained R@1 joint | 9', 'trained kNN joint | 1',
    ):  # fmt: skip
        assert f'| {line} |' in text
    assert (report.PICTURES / 'full_size.png').exists()
    full_size.main()
    assert len(ran) == 3  # done already
