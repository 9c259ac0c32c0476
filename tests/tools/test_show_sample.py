"""The picture of a sample is written, and a wrong index is named."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def show(tool, start, repository, controlled_set, tmp_path):
    """The tool on the controlled set, in a folder of its own."""
    dataset = 'train_dataloader.dataset'
    local = [f'{dataset}.ann_file={controlled_set}/train.txt', f'{dataset}.data_prefix.video={controlled_set}']

    def run(config, *options, words=()):
        config = repository / f'configs/demo/{config}.py'
        start(tool('show_sample'), config, *words, '--out-dir', tmp_path, '--cfg-options', *local, *options)

    return run


def test_png_of_a_sample(show, tmp_path, capsys):
    show('pretrain', words=('--indices', 0, 3))
    for index in (0, 3):
        picture = Image.open(tmp_path / f'sample_{index}.png')
        assert picture.width > 9 * 112  # eight frames and the I-frame, readable
        assert len(picture.convert('L').getcolors(10000)) > 50
    assert 'sample_3.png' in capsys.readouterr().out


def test_colour_left_to_the_device_is_in_the_picture(show, tmp_path):
    """The same picture wherever it is recoloured, and another one without colour."""
    colour = 'train_dataloader.dataset.pipeline.colour'
    pictures = []
    for change in ('where=host', 'where=device', 'jitter_prob=0'):
        show('finetune', f'{colour}.hue=0.5', f'{colour}.jitter_prob=1', f'{colour}.{change}')
        pictures.append(np.asarray(Image.open(tmp_path / 'sample_0.png').convert('RGB')).astype(float))
    host, device, plain = pictures
    assert np.abs(host - device).mean() < 0.2
    assert np.abs(host - plain).mean() > 1
