"""A network becomes a folder, and a repository, from which it comes back as it was."""

import json
import re
import sys
from pathlib import Path

import pytest
import torch
import yaml
from huggingface_hub import constants

from cmvl_mm import hub
from cmvl_mm.engine.config import load_config
from cmvl_mm.files.digest import DigestError, sha256_of
from cmvl_mm.inference import ContextMotionInferencer
from cmvl_mm.models.known_types import TypeNameError
from cmvl_mm.publishing.folder import FolderError
from cmvl_mm.publishing.settings import PublishError

sys.path.insert(0, str(Path(__file__).parent))  # `fake_hub`

from fake_hub import running_hub

NAME = 'evidence_both_basic'
TOKEN = 'hf_of_a_test'
TEST = hub.Measured('finetune, with 4 clips', 'my falls, half of the rooms', {'finetune/top1': 0.75, 'videos': 40})


@pytest.fixture
def remote(monkeypatch):
    with running_hub() as running:
        monkeypatch.setattr(constants, 'ENDPOINT', running.url)
        monkeypatch.setenv('HF_TOKEN', TOKEN)
        yield running


@pytest.fixture(scope='module')
def classifier(tmp_path_factory):
    """A work directory of a finetuning that kept the motion task, and the network in it."""
    folder = tmp_path_factory.mktemp('finetune')
    options = {'model.init_cfg': None, 'model.cls_head.num_classes': 2}
    config = load_config('demo/finetune', options)
    (folder / '20260101_000000/vis_data').mkdir(parents=True)
    config.dump(folder / '20260101_000000/vis_data/config.py')
    state = hub.load(NAME).state_dict()
    state['cls_head.fc.weight'], state['cls_head.fc.bias'] = torch.randn(2, 128), torch.randn(2)
    state['motion_head.m_network.conv.weight'] = torch.zeros(3)  # of a task that the config has no more
    meta = dict(dataset_meta=dict(classes=('stand', 'fall')))
    torch.save(dict(state_dict=state, meta=meta), folder / 'epoch_1.pth')
    return folder


def front_matter(text):
    _, matter, body = text.split('---\n', 2)
    return yaml.safe_load(matter), body


def test_a_network_of_the_zoo_goes_out_and_comes_back(tmp_path):
    made = hub.save_folder(NAME, tmp_path / 'out', repo_id='me/both')
    assert sorted(path.name for path in made.folder.iterdir()) == ['README.md', 'config.json', 'model.safetensors']
    assert made.sha256 == sha256_of(made.folder / 'model.safetensors')
    expected, found = hub.load(NAME), hub.load(made.folder, sha256=made.sha256)
    state = found.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in expected.state_dict().items())
    assert len(state) == len(expected.state_dict())
    frames = torch.randint(256, (64, 60, 80, 3), dtype=torch.uint8).numpy()
    rows = [
        ContextMotionInferencer(one, device='cpu', show_progress=False)(frames)['predictions'][0]['feature']
        for one in (NAME, str(made.folder))
    ]
    assert rows[0] == rows[1]  # the same clips of the video, too
    again = hub.save_folder(made.folder, tmp_path / 'again', repo_id='me/both', what='The same.')
    assert again.sha256 == made.sha256
    matter, body = front_matter((made.folder / 'README.md').read_text())
    assert (matter['license'], matter['library_name']) == ('apache-2.0', 'cmvl_mm')
    (metric, *_) = matter['model-index'][0]['results'][0]['metrics']
    tested = hub.entry(NAME).tests[0]
    assert metric['value'] == pytest.approx(tested.metrics[metric['type']])
    assert metric['args'] == dict(protocol=tested.protocol, n=256)
    assert hub.entry(NAME).caution() in body
    assert '| retrieval_paper/R@1 | 22.7 (18.0 to 28.2) | 256 |' in body


def test_an_upload_brings_these_files_and_no_others(remote, classifier):
    url = hub.push_to_hub(classifier, 'me/mine', what='A network.', measured=[TEST], private=True, license='mit')
    assert url.endswith('0' * 40)
    assert [(one['name'], one['organization'], one['visibility']) for one in remote.repositories] == [
        ('mine', 'me', 'private')
    ]
    ((path, summary),) = remote.commits
    assert path.startswith('/api/models/me/mine/commit/main')
    assert summary == 'Upload a network by cmvl_mm'
    assert remote.authorizations == {f'Bearer {TOKEN}'}
    assert sorted(remote.files) == ['README.md', 'config.json', 'model.safetensors']
    assert TOKEN.encode() not in b''.join(remote.files.values())
    contents = json.loads(remote.files['config.json'])
    assert contents['classes'] == ['stand', 'fall']
    assert contents['clips'] == dict(clip_len=16, frame_interval=2, num_clips=4, size=48, resize_short=56)
    matter, body = front_matter(remote.files['README.md'].decode())
    (result,) = matter['model-index'][0]['results']
    assert result['metrics'][0]['args'] == dict(protocol=TEST.protocol, n=40)
    assert (matter['license'], matter['pipeline_tag']) == ('mit', 'video-classification')
    assert '| finetune/top1 | 75.0 (59.8 to 85.8) | 40 |' in body
    assert '0: stand, 1: fall' in body


def test_the_code_of_the_card_runs(remote, classifier, tmp_path, monkeypatch, controlled_set):
    hub.push_to_hub(classifier, 'me/mine', what='A network.')
    for name, content in remote.files.items():
        (tmp_path / name).write_bytes(content)
    body = (tmp_path / 'README.md').read_text()
    first, second = re.findall(r'```python\n(.*?)```', body, re.DOTALL)
    monkeypatch.setattr('huggingface_hub.snapshot_download', lambda repo_id: {'me/mine': str(tmp_path)}[repo_id])
    first = first.replace("'video.mp4'", repr(str(controlled_set / 'videos/test0.mp4')))
    variables = dict(clips=torch.randn(2, 3, 16, 48, 48))
    exec(first + second, variables)
    assert variables['found'][0]['name'] in ('stand', 'fall')
    assert variables['features'].shape == (2, 128)
    state = hub.load(classifier).state_dict()
    loaded = hub.load(tmp_path).state_dict()
    assert state.keys() == loaded.keys()
    assert all(torch.equal(state[key], loaded[key]) for key in state)


def test_a_refusal_of_the_hub_names_the_remedy_and_no_token(remote, classifier):
    remote.refuse = 403
    with pytest.raises(PublishError, match=r'me/mine: the hub answers 403 .*Remedy: run `hf auth login`') as error:
        hub.push_to_hub(classifier, 'me/mine', what='A network.')
    assert TOKEN not in str(error.value)


def test_what_cannot_be_published_is_refused_before_anything_is_sent(remote, classifier, tmp_path):
    with pytest.raises(PublishError, match=r'no description.*Remedy: pass what='):
        hub.push_to_hub(classifier, 'me/mine')
    for name in ('mine', 'me/../mine', 'a/b/c'):
        with pytest.raises(PublishError, match='not a name of a repository'):
            hub.push_to_hub(classifier, name, what='A network.')
    config = tmp_path / 'sliding.py'
    config.write_text(
        f"_base_ = '{Path(hub.__file__).parents[1]}/configs/demo/retrieval.py'\n"
        'from cmvl_mm.datasets.stages import change\n'
        'test_dataloader = dict(dataset=dict(pipeline=change(_base_.test_dataloader.dataset.pipeline,\n'
        "    sample=dict(_delete_=True, type='SampleClips', place='sliding'))))\n"
    )
    weights = Path(hub.__file__).parent / f'zoo/{NAME}.safetensors'
    with pytest.raises(PublishError, match=r"stage 1 of the test is .*'sliding'.*Remedy"):
        hub.push_to_hub(weights, 'me/mine', what='A network.', config=config)
    assert remote.repositories == []


def test_a_folder_is_read_as_data_and_its_weights_are_checked(tmp_path):
    made = hub.save_folder(NAME, tmp_path / 'out', repo_id='me/both')
    config = made.folder / 'config.json'
    good = json.loads(config.read_text())
    for change, message in (
        (dict(library_name='other'), 'not written by cmvl_mm'),
        (dict(format=2), 'format is 2, but this version reads 1'),
        (dict(clips=dict(good['clips'], size='48')), 'clips is'),
        (dict(sha256='0' * 63), 'sha256 is'),
        (dict(classes=[1]), 'classes is'),
    ):
        config.write_text(json.dumps(good | change))
        with pytest.raises(FolderError, match=message):
            hub.load(made.folder)
    config.write_text('[')
    with pytest.raises(FolderError, match='cannot be read'):
        hub.load(made.folder)
    config.write_text(json.dumps(good | dict(model=dict(good['model'], type='os.getcwd'))))
    with pytest.raises(TypeNameError, match=r'model\.type'):
        hub.load(made.folder)
    config.write_text(json.dumps(good))
    weights = made.folder / 'model.safetensors'
    weights.write_bytes(weights.read_bytes()[:-1] + b'\x01')
    with pytest.raises(DigestError, match='not the file that was published'):
        hub.load(made.folder)
