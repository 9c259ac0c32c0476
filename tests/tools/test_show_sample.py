"""The picture of a sample is written, and a wrong index is named."""

import sys

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def show_sample(repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / 'tools'))
    import show_sample

    return show_sample


def test_png_of_a_sample(show_sample, repository, controlled_set, tmp_path, monkeypatch, capsys):
    options = [
        f'train_dataloader.dataset.ann_file={controlled_set}/train.txt',
        f'train_dataloader.dataset.data_prefix.video={controlled_set}',
    ]
    command = ['show_sample.py', str(repository / 'configs/demo/pretrain.py'), '--indices', '0', '3']
    monkeypatch.setattr(sys, 'argv', [*command, '--out-dir', str(tmp_path), '--cfg-options', *options])
    show_sample.main()
    for index in (0, 3):
        picture = Image.open(tmp_path / f'sample_{index}.png')
        assert picture.width > 500
        assert len(picture.convert('L').getcolors(10000)) > 50
    assert 'sample_3.png' in capsys.readouterr().out


def test_colour_left_to_the_device_is_in_the_picture(show_sample, repository, controlled_set, tmp_path, monkeypatch):
    """The same picture wherever it is recoloured, and another one without colour."""
    colour = 'train_dataloader.dataset.pipeline.colour'
    pictures = []
    for number, change in enumerate((f'{colour}.where=host', f'{colour}.where=device', f'{colour}.jitter_prob=0')):
        options = [
            f'train_dataloader.dataset.ann_file={controlled_set}/train.txt',
            f'train_dataloader.dataset.data_prefix.video={controlled_set}',
            f'{colour}.hue=0.5',
            f'{colour}.jitter_prob=1',
            change,
        ]
        out_dir = tmp_path / str(number)
        command = ['show_sample.py', str(repository / 'configs/demo/finetune.py'), '--out-dir', str(out_dir)]
        monkeypatch.setattr(sys, 'argv', [*command, '--cfg-options', *options])
        show_sample.main()
        picture = Image.open(out_dir / 'sample_0.png').convert('RGB')
        pictures.append(np.asarray(picture).astype(float))
    host, device, plain = pictures
    assert np.abs(host - device).mean() < 0.2
    assert np.abs(host - plain).mean() > 1
