"""Every command of docs/mmaction2.md runs as printed, on a small config; what it gives means what the document says."""

import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import cmvl_mm.register  # noqa: F401
from cmvl_mm.checkpoints.pretrained import read_checkpoint
from cmvl_mm.engine.config import load_config

pytestmark = pytest.mark.slow

CONFIG = """
_base_ = {base!r}
model = dict(backbone=dict(width=4), cls_head=dict(num_classes=8, in_channels=32), init_cfg=None)
_few = dict(batch_size=4, num_workers=0, persistent_workers=False)
_set = dict(data_prefix=dict(video={folder!r}))
train_dataloader = dict(dataset=dict(ann_file={folder!r} + '/train.txt', **_set), **_few)
test_dataloader = dict(dataset=dict(ann_file={folder!r} + '/test.txt', **_set), **_few)
del _few, _set
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=1, end=2, convert_to_iter_based=True)
]
train_cfg = dict(max_epochs=2)
"""

MOVIEPY = """
import numpy as np

class ImageSequenceClip:
    '''Stands in for moviepy 1's: what would be encoded is kept as it is.'''

    def __init__(self, frames, fps):
        self.frames = np.stack(frames)

    def write_videofile(self, path, **settings):
        with open(path, 'wb') as file:
            np.save(file, self.frames)
"""


def blocks(repository: Path) -> Iterator[tuple[str, str, str]]:
    """(heading, language, code) of the document."""
    text = (repository / 'docs' / 'mmaction2.md').read_text()
    for heading, body in re.findall(r'^### (.*?)\n(.*?)(?=^##|\Z)', text, re.MULTILINE | re.DOTALL):
        for language, code in re.findall(r'```(bash|python)\n(.*?)```', body, re.DOTALL):
            yield heading, language, code


class Workplace:
    """A folder with a small config, in which the document's blocks run."""

    def __init__(self, folder: Path, repository: Path, videos: Path) -> None:
        self.folder, self.repository = folder, repository
        self.videos = videos
        self.config = folder / 'small.py'
        self.config.write_text(
            CONFIG.format(base=str(repository / 'configs' / 'demo' / 'finetune.py'), folder=str(videos))
        )
        (folder / 'moviepy').mkdir()
        (folder / 'moviepy' / '__init__.py').touch()
        (folder / 'moviepy' / 'editor.py').write_text(MOVIEPY)
        self.printed: dict[str, str] = {}

    def small(self, code: str) -> str:
        """The block on the small config, its checkpoint and one of its videos."""
        code = code.replace('configs/demo/finetune.py', str(self.config)).replace('epoch_12.pth', 'epoch_2.pth')
        code = code.replace('max_epochs=12', 'max_epochs=2')
        return re.sub(r'work_dirs/demo/prepared/videos/\w+\.mp4', str(self.videos / 'videos' / 'test3.mp4'), code)

    def run(self, heading: str) -> str:
        """What the blocks under a heading print; each runs once."""
        if heading not in self.printed:
            found = [(language, code) for name, language, code in blocks(self.repository) if name == heading]
            assert found, f'the document has no code under {heading!r}'
            self.printed[heading] = ''.join(self._run(*block) for block in found)
        return self.printed[heading]

    def _run(self, language: str, code: str) -> str:
        import mmaction

        environment = os.environ | dict(
            TOOLS=f'{mmaction.__path__[0]}/.mim/tools',
            PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
            PYTHONPATH=f'{self.repository}:{self.folder}',
            PYTHONWARNINGS='ignore',
            OMP_NUM_THREADS='1',
            MPLBACKEND='Agg',
        )
        words = ['bash', '-euc'] if language == 'bash' else [sys.executable, '-c']
        outcome = subprocess.run(
            [*words, self.small(code)],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert outcome.returncode == 0, outcome.stdout[-1500:] + outcome.stderr[-3000:]
        return outcome.stdout + outcome.stderr


@pytest.fixture(scope='module')
def place(tmp_path_factory, repository, controlled_set) -> Workplace:
    return Workplace(tmp_path_factory.mktemp('mmaction2'), repository, controlled_set)


@pytest.fixture(scope='module')
def trained(place) -> Path:
    place.run('Train')
    return place.folder / 'work_dirs' / 'demo' / 'finetune'


@pytest.fixture(scope='module')
def predictions(place, trained) -> list[dict]:
    place.run('Test')
    return pickle.loads((place.folder / 'predictions.pkl').read_bytes())


def top1(predictions: list[dict]) -> float:
    return float(np.mean([int(one['pred_score'].argmax()) == int(one['gt_label']) for one in predictions]))


def test_train_gives_what_our_own_tool_gives(place, trained, tmp_path):
    own = [sys.executable, str(place.repository / 'tools' / 'train.py'), str(place.config), '--work-dir', str(tmp_path)]
    environment = os.environ | dict(PYTHONPATH=str(place.repository), PYTHONWARNINGS='ignore', OMP_NUM_THREADS='1')
    subprocess.run(own, env=environment, check=True, capture_output=True, timeout=600)
    theirs, ours = (read_checkpoint(folder / 'epoch_2.pth')['state_dict'] for folder in (trained, tmp_path))
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[key], ours[key]) for key in ours)


def test_test_and_report_accuracy_agree(place, predictions):
    assert len(predictions) == 8
    assert re.search(rf'finetune/top1 +{100 * top1(predictions):.1f} .* 8\n', place.run('Test'))
    assert f'Top 1 Accuracy: {top1(predictions):.4f}' in place.run('Accuracy of the predictions')


def test_confusion_matrix_of_the_predictions(place, predictions):
    place.run('Confusion matrix')
    matrix = pickle.loads((place.folder / 'confusion.pkl').read_bytes())
    assert matrix.sum() == 8
    assert matrix.diagonal().sum() == top1(predictions) * 8
    assert (place.folder / 'confusion.png').stat().st_size > 0


def test_flops_are_of_one_clip(place):
    printed = place.run('Operations and parameters')
    assert 'Input shape: (1, 3, 16, 48, 48)' in printed
    assert re.search(r'Flops: \d+\.\d+[MG]', printed)


def test_schedule_is_drawn(place):
    printed = place.run('Learning rate')
    assert 'dataset is 8' in printed
    assert (place.folder / 'schedule.png').stat().st_size > 0


def test_browsing_shows_what_the_network_sees(place):
    place.run('Samples of a data set')
    found = sorted(path.name for path in (place.folder / 'browse').iterdir())
    assert found == [f'video_{number}.mp4' for number in range(4)]
    shown = np.load(place.folder / 'browse' / 'video_3.mp4')  # what the stand-in has written
    from mmaction.registry import DATASETS

    sample = DATASETS.build(load_config(place.config).test_dataloader.dataset)[3]['inputs']['imgs']
    seen = sample.permute(0, 2, 3, 4, 1).flatten(0, 1).numpy()  # (clips * T, H, W, 3)
    assert shown.shape == seen.shape
    below = slice(20, None)  # the text is above
    assert np.abs(shown[:, below].astype(int) - seen[:, below]).max() <= 2  # drawn and read back by matplotlib


def test_inference_gives_the_tests_scores(place, predictions):
    printed = place.run('A file, by `inference_recognizer`')
    found = [float(number) for number in re.findall(r'\d\.\d+', printed.partition('scores')[2])]
    assert np.allclose(found, predictions[3]['pred_score'], atol=1e-4)


def test_inferencers_give_the_tests_scores(place, predictions):
    place.run('Files, by the inferencers')
    found = json.loads((place.folder / 'found.json').read_text())['predictions']
    assert np.allclose(found[0]['pred_scores'], predictions[3]['pred_score'], atol=1e-5)
    assert found[0]['pred_labels'] == [int(predictions[3]['pred_score'].argmax())]
    shown = np.load(place.folder / 'shown' / 'test3.mp4')
    assert shown.shape[1:] == (112, 128, 3)
    whole = json.loads((place.folder / 'whole.json').read_text())['predictions']
    assert np.allclose(whole[0]['rec_scores'][0], predictions[3]['pred_score'], atol=1e-5)


def test_decoded_frames_give_the_tests_scores(place, predictions):
    printed = place.run('Decoded frames')
    found = [float(number) for number in re.findall(r'\d\.\d+', printed.partition('scores')[2])]
    assert np.allclose(found, predictions[3]['pred_score'], atol=1e-4)
