"""A folder of videos becomes a pretrained network and a tested classifier, by commands without a further option."""

import csv
import json
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from click.testing import CliRunner

import cmvl_mm
from cmvl_mm.cli.main import main
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.logs import read_curves
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.prepare.groups import GroupsError
from cmvl_mm.prepare.own_lists import OwnVideosError
from cmvl_mm.workflows.own_videos import claim
from cmvl_mm.workflows.plan import FEWEST_VIDEOS, need_of
from cmvl_mm.workflows.run_record import RunRecord, require_start, start_of, write_record

SMALL = """_base_ = '{base}/configs/demo/{name}.py'
model = dict(backbone=dict(width=4))
train_dataloader = dict(num_workers=0)
"""
PRETRAIN = """_few = dict(hidden_channels=8, embed_channels=8)
model.update(
    context_head=dict(in_channels=32, i_network=dict(width=4), **_few),
    motion_head=dict(predictor=dict(in_channels=32, width=8, ffn_width=8), m_network=dict(width=4), **_few),
)
"""
FINETUNE = """model.update(cls_head=dict(in_channels=32))
test_dataloader = dict(num_workers=0)
"""


def cmvl(*words, code=0):
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope='module')
def made(tmp_path_factory, controlled_set, repository):
    """Two classes of four people, two clips each; one run of each command."""
    place = tmp_path_factory.mktemp('own')
    for label, name in enumerate(('left', 'right')):
        (place / 'mine' / name).mkdir(parents=True)
        for person in range(4):
            for part, split in enumerate(('train', 'test')):
                source = controlled_set / f'videos/{split}{4 * label + person}.mp4'
                shutil.copy(source, place / f'mine/{name}/Person{person}_{part}.mp4')
    (place / 'mine/left/broken.mp4').write_bytes(b'no video')
    for name, more in (('pretrain', PRETRAIN), ('finetune', FINETUNE)):
        (place / f'{name}.py').write_text(SMALL.format(base=repository, name=name) + more)
    common = ['--epochs', 2, '--workers', 1]
    ours = SimpleNamespace(place=place, videos=place / 'mine', common=common)
    ours.pretrain = ['pretrain', ours.videos, '-o', place / 'net', '--config', place / 'pretrain.py', *common]
    ours.finetune = [
        'finetune', ours.videos, '--from', place / 'net', '-o', place / 'classes', '--config', place / 'finetune.py',
        *common,
    ]  # fmt: skip
    ours.pretrained, ours.finetuned = cmvl(*ours.pretrain), cmvl(*ours.finetune)
    return ours


def test_pretraining_says_what_was_learnt_and_what_to_do_next(made):
    words = made.pretrained.stdout
    assert re.search(r'Videos that cannot be used: 1\. left/broken\.mp4: .*Check', words)
    assert '16 videos, 2 epochs of 2 steps of 8 clips: 4 steps on ' in words
    assert re.search(r'right I-frame of the batch, % +\d+\.\d\d +\d+\.\d\d +12\.50\n', words)
    assert '16 videos, 1 left out, 2 epochs.' in words
    assert f'cmvl finetune {made.videos} --from {made.place}/net' in words
    assert f'Weights: {made.place}/net/epoch_2.pth' in words


def test_the_screen_has_progress_and_results_and_the_file_has_the_rest(made):
    for done in (made.pretrained, made.finetuned):
        assert not re.search('mmengine|System environment|SyncBN|before_train|deprecated|left out .* keys', done.output)
        assert re.search(r'training: (\d+)/\1 steps', done.stderr)
    log = Path(re.search(r'log: (\S+)', made.pretrained.stdout)[1])
    assert all(words in log.read_text() for words in ('System environment', 'before_train', 'the schedule follows'))


def test_the_features_file_that_comes_next_is_named_after_the_run(made):
    for name, done in (('net', made.pretrained), ('classes', made.finetuned)):
        run = made.place / name
        assert f'  cmvl embed {made.videos} --model {run} -o features_{name}.parquet\n' in done.stdout


def test_weights_that_know_drawn_videos_alone_are_named_as_such_and_a_class_without_a_test(made, tmp_path):
    for label, names in (('left', '01'), ('right', '01'), ('still', '0')):
        (tmp_path / 'mine' / label).mkdir(parents=True)
        for name in names:
            source = made.videos / f'left/Person{name}_0.mp4'
            shutil.copy(source, tmp_path / f'mine/{label}/{label if label == "still" else "Person"}{name}.mp4')
    words = ['finetune', tmp_path / 'mine', '--from', 'evidence_both_basic', '-o', tmp_path / 'out', '--epochs', 1]
    found = cmvl(
        *words, '--workers', 1, '--groups', '([A-Za-z]+[0-9])[.]', '--cfg-options', 'train_dataloader.num_workers=0'
    ).stdout
    assert found.count('evidence_both_basic is trained on drawn discs only') == 1
    assert 'class still has no test video: all its recordings are needed for training\n' in found


def test_help_says_what_videos_are_needed():
    frames = need_of(load_config('own/pretrain')).frames
    wanted = f'At least {FEWEST_VIDEOS} videos are needed'
    pretrain, finetune = (' '.join(cmvl(name, '--help').output.split()) for name in ('pretrain', 'finetune'))
    assert f"{wanted}, each with enough frames for the config's clip and motion: {frames} for own/pretrain" in pretrain
    assert f'{wanted}, of any length' in finetune


def test_finetuning_prints_percents_with_counts_and_intervals(made):
    words = made.finetuned.stdout
    assert re.search(r'Top-1 \d+\.\d % of 4 test videos, 95 % interval \d+\.\d to \d+\.\d %; always', words)
    assert re.search(r'all +12 +4 +3 +1 ', words)  # train, test, recordings of each
    assert 'top5' not in words  # two classes have none
    assert 'finetune/top1' not in words  # the table of the test
    (log,) = (made.place / 'classes/test').glob('*/*.log')
    assert 'finetune/top1' in log.read_text()
    found = json.loads((made.place / 'classes/result.json').read_text())
    assert (found['classes'], found['train_videos'], found['test_videos']) == (['left', 'right'], 12, 4)
    assert 0 <= found['top1_interval'][0] <= found['top1'] <= found['top1_interval'][1] <= 100
    assert sum(map(sum, found['confusion'])) == 4


def test_no_recording_is_in_both_parts_and_nothing_is_prepared_twice(made):
    lists = made.place / 'classes/lists'
    with open(lists / 'groups.csv', newline='') as file:
        groups = {row['path']: row['group'] for row in csv.DictReader(file)}
    parts = [
        [line.split(' ')[0] for line in (lists / f'{name}.txt').read_text().split('\n')[:-1]]
        for name in ('train', 'test')
    ]
    people = [{groups[path] for path in part} for part in parts]
    assert people[0] | people[1] == {f'Person{number}' for number in range(4)}
    assert not people[0] & people[1]
    assert not (made.place / 'classes/prepared').exists()


def test_typed_again_a_command_goes_on(made):
    before = read_curves(made.place / 'net')
    again = cmvl(*made.pretrain, '--json')
    assert read_curves(made.place / 'net') == before
    assert json.loads(again.stdout)['epochs'] == 2


def contents(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob('*') if path.is_file()}


def changed(words, old, new):
    return [new if word == old else word for word in words]


def test_another_run_in_the_same_place_is_refused_in_plain_words_and_changes_nothing(made, tmp_path):
    net, classes = made.place / 'net', made.place / 'classes'
    other = tmp_path / 'other.pth'
    shutil.copy(classes / 'epoch_2.pth', other)
    scratch = [word for word in made.finetune if word not in ('--from', net)]
    of_three = r'contains a run of 2 epochs, not 3\. Remedy: pass --epochs 2 to resume it, or another -o\.'
    for out, words, message in (
        (classes, scratch, rf'a run that started from {net}, not from random weights\. Remedy: pass another -o\.'),
        (classes, changed(made.finetune, net, other), rf'a run that started from {net}, not from {other}\. Remedy'),
        (
            classes,
            changed(scratch, classes, net),
            r'net contains a run of cmvl pretrain, not of cmvl finetune\. Remedy',
        ),
        (classes, changed(made.finetune, 2, 3), f'classes {of_three}'),
        (
            classes,
            [*made.finetune, '--test-share', 0.5],
            r'classes contains a run on the same videos with another training list.*Remedy: pass the same --g',
        ),
        (net, changed(made.pretrain, 2, 3), f'net {of_three}'),
        (net, [*made.pretrain, '--cfg-options', 'train_dataloader.batch_size=4'], 'batches of 8, not 4'),
        (net, [*made.pretrain, '--cfg-options', 'param_scheduler.0.eta_min=0.01'], r'epoch_2\.pth: .* schedule'),
    ):
        configs = {path: path.read_bytes() for path in out.glob('*.*') if path.suffix in ('.py', '.json')}
        lists = contents(out / 'lists')
        error = cmvl(*words, code=1).stderr
        assert re.search(f'Error: .*{message}', error), error
        assert configs == {path: path.read_bytes() for path in out.glob('*.*') if path.suffix in ('.py', '.json')}
        if 'schedule' not in message:
            assert lists == contents(out / 'lists')


def test_weights_that_were_trained_further_are_another_start(tmp_path):
    place, out = tmp_path / 'weights.pth', tmp_path / 'out'
    torch.save({'weight': torch.zeros(1)}, place)
    start = start_of(place)
    out.mkdir()
    write_record(out, RunRecord('finetune', start, ('a.mp4',), (), 'x', 2, 4))
    require_start(out, 'finetune', None)  # nothing was saved yet
    (out / 'epoch_1.pth').touch()
    require_start(out, 'finetune', start)
    torch.save({'weight': torch.ones(1)}, place)
    digests = f'{start.sha256[:12]}….*not from {place} with SHA-256 {sha256_of(place)[:12]}…'
    with pytest.raises(OwnVideosError, match=digests):
        require_start(out, 'finetune', start_of(place))
    (out / 'run.json').unlink()
    with pytest.raises(OwnVideosError, match=r'has a checkpoint, but no run\.json'):
        require_start(out, 'finetune', None)
    require_start(out, 'pretrain', None)  # which starts from random weights in any case


def test_a_video_more_or_less_is_refused_before_it_is_prepared(made):
    new, gone = made.videos / 'left/new.mp4', made.videos / 'left/Person0_0.mp4'
    before = contents(made.place / 'net/prepared')
    words = rf'net contains a run on 16 videos, but {made.videos} now has %d \(%s\)\. Remedy: pass another -o\.'
    shutil.copy(gone, new)
    try:
        assert re.search(words % (17, 'new: left/new.mp4'), cmvl(*made.pretrain, code=1).stderr)
        assert 'now has 17' in cmvl(*made.finetune, code=1).stderr
        gone.rename(made.place / 'away.mp4')
        assert re.search(
            words % (16, 'new: left/new.mp4; gone: left/Person0_0.mp4'), cmvl(*made.pretrain, code=1).stderr
        )
    finally:
        new.unlink()
        (made.place / 'away.mp4').rename(gone)
    assert before == contents(made.place / 'net/prepared')


def test_a_longer_run_ends_at_a_falling_rate_that_is_not_zero(made):
    out = made.place / 'longer'
    found = cmvl_mm.pretrain(made.place / 'net/prepared', out=out, config=str(made.place / 'pretrain.py'), epochs=5)
    rates = [row['lr'] for row in read_curves(out)]
    assert found.epochs == 5
    assert not (out / 'prepared').exists()  # a prepared folder is used as it is
    assert 1e-3 * max(rates) < rates[-1] < rates[-2] < rates[len(rates) // 2]


def test_python_takes_expressions_for_recordings(made):
    out = made.place / 'by_clip'
    found = cmvl_mm.finetune(
        made.videos, out=out, weights=made.place / 'net', config=str(made.place / 'finetune.py'), groups='(_.|broken)',
        epochs=1, test_share=0.5, options={'test_dataloader.batch_size': 4},
    )  # fmt: skip
    assert (found.train_videos, found.test_videos, found.recordings) == (8, 8, 2)
    assert load_config(next(out.glob('*.py'))).test_dataloader.batch_size == 4
    with pytest.raises(GroupsError, match='no brackets'):
        cmvl_mm.finetune(made.videos, out=out, groups='Person')


@pytest.mark.parametrize('name', ['pretrain', 'finetune'])
def test_stopped_while_it_prepares_a_command_says_how_to_resume(made, tmp_path, monkeypatch, name):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[f'cmvl_mm.workflows.{name}'], 'prepare_own', stop)
    error = cmvl(name, made.videos, '-o', tmp_path / 'out', code=130).stderr
    assert error.endswith('stopped; repeat the command to resume\n')


def test_what_cannot_be_trained_on_is_refused_in_one_line(made, tmp_path, monkeypatch):
    (tmp_path / 'here').mkdir()
    monkeypatch.chdir(tmp_path / 'here')
    for words, message in (
        (['pretrain', tmp_path / 'none'], 'there is no such folder or list. Remedy'),
        (['pretrain', tmp_path], 'no videos found. Remedy'),
        (['pretrain', made.videos / 'left/Person0_0.mp4'], 'one video is too little to learn from. Remedy'),
        (['finetune', made.videos / 'left', '-o', tmp_path / 'out'], 'no class folders, so no labels. Remedy'),
        (['finetune', made.videos, '--from', 'nothing', '-o', tmp_path / 'out'], 'nothing: no such checkpoint'),
        (['pretrain', made.videos, '-o', made.videos / 'out'], 'results there would be prepared as videos. Remedy'),
    ):
        output = cmvl(*words, code=1).stderr
        assert message in output
        assert 'Traceback' not in output
    assert not (made.videos / 'out').exists()
    assert not list(Path().iterdir())  # nothing is left of what was refused
    with pytest.raises(OwnVideosError, match=rf'net already contains a run on {made.videos}\. Remedy: pass another -o'):
        claim(made.place / 'net', tmp_path)
