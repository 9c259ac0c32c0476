"""One call gives what a test gives: for files, folders, frames and clips, one by one and together."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from mmaction.registry import DATASETS, INFERENCERS
from PIL import Image

from cmvl_mm import hub
from cmvl_mm.checkpoints.pretrained import CheckpointError
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.engine.config import load_config
from cmvl_mm.inference import ContextMotionInferencer, pictures
from cmvl_mm.inference.inputs import InputError
from cmvl_mm.inference.predictions import PredictionFileError
from cmvl_mm.video import CompressedVideo, VideoError

NAME = 'evidence_both_basic'


@pytest.fixture(scope='module')
def tested(controlled_set):
    """Path below the folder -> the feature by the data set, the collate and `hub.load`, as README has it."""
    model = hub.load(NAME)
    pipeline = load_config('demo/retrieval').test_dataloader.dataset.pipeline
    source = dict(ann_file=str(controlled_set / 'test.txt'), data_prefix=dict(video=str(controlled_set)))
    videos = DATASETS.build(dict(type='CompressedVideoDataset', pipeline=pipeline, on_error='raise', **source))
    found = [model.test_step(compressed_collate([sample]))[0] for sample in videos]
    return {str(controlled_set / one.path): one.feature for one in found}


@pytest.fixture(scope='module')
def infer():
    return ContextMotionInferencer(NAME, device='cpu', show_progress=False)


@pytest.fixture(scope='module')
def classifier(controlled_set, tmp_path_factory):
    """A work directory as a finetuning leaves it: config, and a checkpoint with names of classes."""
    config = load_config('demo/finetune', {'model.init_cfg': None, 'model.cls_head.num_classes': 8})
    config.test_dataloader.dataset.ann_file = str(controlled_set / 'test.txt')
    folder = tmp_path_factory.mktemp('finetune')
    (folder / '20260101_000000/vis_data').mkdir(parents=True)
    config.dump(folder / '20260101_000000/vis_data/config.py')
    state = hub.load(NAME).state_dict()
    generator = torch.Generator().manual_seed(3)
    state['cls_head.fc.weight'] = torch.randn(8, 128, generator=generator) * 0.1
    state['cls_head.fc.bias'] = torch.zeros(8)
    names = tuple(f'motion {label}' for label in range(8))
    torch.save(dict(state_dict=state, meta=dict(dataset_meta=dict(classes=names))), folder / 'epoch_1.pth')
    (folder / 'last_checkpoint').write_text(str(folder / 'epoch_1.pth'))
    return folder


def features(found):
    return torch.tensor([row['feature'] for row in found['predictions']])


def test_a_folder_gives_what_the_test_gives_and_batches_change_nothing(infer, tested, controlled_set):
    found = infer(controlled_set, batch_size=3)
    names = [row['input'] for row in found['predictions']]
    assert names == sorted(names)
    assert set(tested) < set(names)
    assert found['visualization'] == []
    of = dict(zip(names, features(found), strict=True))
    for path, feature in tested.items():
        torch.testing.assert_close(of[path], feature, atol=1e-5, rtol=1e-5)
    paths = list(tested)
    alone = infer(paths)
    assert [row['input'] for row in alone['predictions']] == paths
    torch.testing.assert_close(features(alone), torch.stack(list(tested.values())), atol=1e-6, rtol=1e-6)
    assert (features(alone)[0] - features(alone)[1]).abs().max() > 1e-2  # videos differ


def test_frames_and_clips_give_what_their_file_gives(infer, tested):
    path, feature = next(iter(tested.items()))
    with CompressedVideo(path) as video:
        frames = video.read(rgb=range(video.num_frames)).rgb
    packed = infer.pipeline(infer._inputs_to_list(path)[0])['inputs']['imgs']  # (clips, 3, T, H, W)
    clips = infer.model.data_preprocessor(dict(inputs=dict(imgs=packed[None]), data_samples=None))['inputs']['imgs'][0]
    found = infer([frames, clips, path, clips[0]], batch_size=4)
    assert [row['input'] for row in found['predictions']] == ['array 0', 'tensor 1', path, 'tensor 3']
    for place in range(3):
        torch.testing.assert_close(features(found)[place], feature, atol=1e-5, rtol=1e-5)
    expected = infer.model.extract_feat(clips[:1])[0]  # one clip of several
    torch.testing.assert_close(features(found)[3], expected, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(expected, feature)
    samples = infer(frames, return_datasamples=True)['predictions']
    torch.testing.assert_close(samples[0].feature, feature, atol=1e-5, rtol=1e-5)


def test_a_work_directory_gives_classes_by_name_and_files_of_them(classifier, tested, tmp_path):
    infer = ContextMotionInferencer(classifier, device='cpu', show_progress=False)
    paths = list(tested)[:2]
    found = infer(paths, batch_size=2, pred_out_file=tmp_path / 'new/found.json')['predictions']
    head = infer.model.cls_head
    for row, path in zip(found, paths, strict=True):
        assert row['input'] == path
        assert row['name'] == f'motion {row["label"]}'
        assert row['score'] == max(row['scores'])
        assert sum(row['scores']) == pytest.approx(1, abs=1e-5)
        assert head.fc.in_features == 128
    written = json.loads((tmp_path / 'new/found.json').read_text())
    assert written == dict(classes=[f'motion {label}' for label in range(8)], predictions=found)
    infer(paths, pred_out_file=tmp_path / 'found.parquet')
    table = pq.read_table(tmp_path / 'found.parquet').to_pylist()
    assert [row['input'] for row in table] == paths
    np.testing.assert_allclose([row['scores'] for row in table], [row['scores'] for row in found], atol=1e-5)
    config = tmp_path / 'config.py'
    config.write_text((classifier / '20260101_000000/vis_data/config.py').read_text())
    by_config = ContextMotionInferencer(config, weights=classifier / 'epoch_1.pth', device='cpu', show_progress=False)
    assert by_config(paths)['predictions'][0]['scores'] == pytest.approx(found[0]['scores'], abs=1e-5)


def test_pictures_say_what_was_found_or_show_vectors(classifier, tested, tmp_path, monkeypatch):
    infer = ContextMotionInferencer(classifier, device='cpu', show_progress=False)
    path = next(iter(tested))
    shown = []
    monkeypatch.setattr(Image.Image, 'show', lambda self, title: shown.append((self.size, title)))
    found = infer(path, visualize='scores', out_dir=tmp_path / 'out', show=True)
    (drawn,) = found['visualization']
    count, height, width, _ = drawn.shape
    assert count == pictures.MOST_FRAMES
    assert shown == [((4 * width, 4 * height), path)]
    with CompressedVideo(path) as video:
        scale = round(240 / min(video.height, video.width))
        assert (height, width) == (scale * video.height, scale * video.width)
        (first,) = video.read(rgb=[0]).rgb
    enlarged = first.repeat(scale, 0).repeat(scale, 1)
    assert (drawn[0][40:] == enlarged[40:]).all()  # below the line of text the frame is as it was
    assert (drawn[0][:20] != enlarged[:20]).any()
    (gif,) = (tmp_path / 'out').iterdir()
    with Image.open(gif) as written:
        assert (written.n_frames > 1, written.size) == (True, (width, height))
    (arrows,) = infer(path, visualize='vectors')['visualization']
    assert arrows.shape == drawn.shape
    assert (arrows != drawn).any()


def test_the_registry_builds_it_and_other_weights_are_refused(tmp_path, classifier):
    built = INFERENCERS.build(dict(type='ContextMotionInferencer', model=NAME, device='cpu', show_progress=False))
    assert isinstance(built, ContextMotionInferencer)
    state = hub.load(NAME).state_dict()
    state.pop(next(iter(state)))
    torch.save(dict(state_dict=state), tmp_path / 'less.pth')
    with pytest.raises(CheckpointError, match='1 keys are missing'):
        ContextMotionInferencer('demo/retrieval', weights=tmp_path / 'less.pth', device='cpu')
    with pytest.raises(ValueError, match=r'its model is not known.*Remedy'):
        ContextMotionInferencer(tmp_path / 'less.pth', device='cpu')


@pytest.mark.parametrize(
    ('given', 'options', 'error', 'message'),
    [
        ([], {}, InputError, 'no input given'),
        ('nowhere.mp4', {}, FileNotFoundError, 'nowhere.mp4: there is no such'),
        (np.zeros((4, 8, 8, 3), np.float32), {}, InputError, r'\(4, 8, 8, 3\) float32.*Remedy'),
        (torch.zeros(3, 4, 8, 8, dtype=torch.uint8), {}, InputError, r'torch\.uint8.*normalised'),
        (dict(), {}, InputError, 'a dict is not a video'),
        (torch.zeros(3, 16, 48, 48), dict(visualize='scores'), InputError, 'normalised clips cannot be drawn'),
        (np.zeros((64, 64, 64, 3), np.uint8), dict(visualize='vectors'), InputError, 'only a file has motion vectors'),
        (np.zeros((64, 64, 64, 3), np.uint8), dict(out_dir='x'), InputError, 'show and out_dir need visualize'),
        (np.zeros((64, 64, 64, 3), np.uint8), dict(visualize='boxes'), InputError, "'boxes'"),
        (np.zeros((64, 64, 64, 3), np.uint8), dict(pred_out_file='x.csv'), PredictionFileError, r'x\.csv'),
        (np.zeros((64, 64, 64, 3), np.uint8), dict(batch_size=0), InputError, 'batch_size=0'),
        (__file__, {}, VideoError, 'test_inferencer'),
    ],
)
def test_mistakes_are_named(infer, given, options, error, message):
    with pytest.raises(error, match=message):
        infer(given, **options)
