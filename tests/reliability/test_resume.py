"""An interrupted run continues bit for bit, from the middle of an epoch, decodes nothing twice, or is refused.

resume.py holds the checks of several processes, and the heavy version of the first.
"""

import os
import signal

import pytest
import torch
from short_run import difference, make_videos, options, state, train
from torch.utils.data import dataloader

from cmvl_mm.checkpoints.newest import newest_valid
from cmvl_mm.checkpoints.pretrained import CheckpointError, read_checkpoint
from cmvl_mm.engine.loop import WorkerDied


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    return make_videos(tmp_path_factory.mktemp('resume') / 'set')


@pytest.fixture(scope='module')
def unbroken(videos, tmp_path_factory):
    """A run in one go of 2 epochs of 4 iterations, a checkpoint after each; samples are read in its own process."""
    folder = tmp_path_factory.mktemp('unbroken') / 'run'
    train(options(videos, folder))
    return folder


@pytest.fixture
def tiny(videos, tmp_path):
    """Options of such a run, with changes of any key."""
    return lambda name, **changes: options(videos, tmp_path / name) | changes


@pytest.mark.slow
@pytest.mark.parametrize(
    ('interrupted_after', 'workers', 'persistent'), [(3, 0, False), (4, 0, False), (6, 2, True), (1, 2, False)]
)
def test_resumed_run_equals_the_unbroken_one(tiny, unbroken, tmp_path, interrupted_after, workers, persistent):
    """Whoever reads the samples."""
    loader = {'train_dataloader.num_workers': workers, 'train_dataloader.persistent_workers': persistent}
    train(tiny('resumed', load_from=str(unbroken / f'iter_{interrupted_after}.pth'), resume=True, **loader))
    ends = [read_checkpoint(folder / 'iter_8.pth') for folder in (unbroken, tmp_path / 'resumed')]
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert difference(*(end[part] for end in ends)) is None
    # and only what was left has been run
    saved = sorted(int(path.stem.split('_')[1]) for path in (tmp_path / 'resumed').glob('iter_*.pth'))
    assert saved == list(range(interrupted_after + 1, 9))


def test_resumed_run_keeps_the_checkpoint_s_seed_and_iterations_differ(tiny, tmp_path, unbroken):
    """Order and samples too, although the new process was told another seed."""
    train(tiny('unbroken', **{'randomness.seed': 5}))
    checkpoint = str(tmp_path / 'unbroken' / 'iter_3.pth')
    train(tiny('resumed', load_from=checkpoint, resume=True, **{'randomness.seed': 0}))
    ends = [read_checkpoint(tmp_path / name / 'iter_8.pth')['state_dict'] for name in ('unbroken', 'resumed')]
    assert difference(*ends) is None
    assert len(set(state(unbroken / 'iter_8.pth')['losses'])) == 8  # else frozen randomness would pass


@pytest.mark.parametrize(
    ('change', 'error', 'words'),
    [
        ({'train_dataloader.batch_size': 16}, ValueError, '8 videos are fewer than one global batch of 16'),
        ({'train_dataloader.drop_last': False}, ValueError, 'drop_last=True'),
        ({'train_dataloader.sampler.type': 'DefaultSampler'}, TypeError, 'a ResumableSampler, not DefaultSampler'),
        (
            {'model.context_head.hidden_channels': 99},
            CheckpointError,
            r'iter_4\.pth does not fit .*context_head\.query_projection\.fc1',
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(tiny, unbroken, change, error, words):
    with pytest.raises(error, match=words):
        train(tiny('other', load_from=str(unbroken / 'iter_4.pth'), **change))


def test_resume_with_another_batch_or_list_is_refused(tiny, unbroken, videos, tmp_path, capsys):
    """Also where the other list is as long; wherever it lies, the same list will do."""
    checkpoint = unbroken / 'iter_2.pth'
    lines = (videos / 'train.txt').read_text().splitlines(keepends=True)
    relabelled = [line.replace(' 3\n', ' 4\n') for line in lines]
    for name, other in (('half', lines[:4]), ('turned', lines[::-1]), ('relabelled', relabelled), ('same', lines)):
        (tmp_path / f'{name}.txt').write_text(''.join(other))

    def resumed(name, path=checkpoint, **change):
        path = dict(load_from=str(path), resume=True)
        ended = {'train_cfg.max_epochs': 1, 'experiment_name': f'{tmp_path}_{name}'}
        train(tiny('second', **path | ended | change))

    for name, change, words in (
        ('batch', {'train_dataloader.batch_size': 4}, 'global_batch'),
        *(
            (name, {'train_dataloader.dataset.ann_file': str(tmp_path / f'{name}.txt')}, words)
            for name, words in (('half', "'videos': 4"), ('turned', 'another list'), ('relabelled', 'another list'))
        ),
    ):
        with pytest.raises(ValueError, match=rf'iter_2\.pth: .*{words}.*Remedy'):
            resumed(name, **change)
    capsys.readouterr()
    resumed('same', **{'train_dataloader.dataset.ann_file': str(tmp_path / 'same.txt')})
    assert 'does not record the list of its run' not in capsys.readouterr().out
    old = read_checkpoint(checkpoint)
    del old['meta']['list_sha256']
    torch.save(old, tmp_path / 'old.pth')
    resumed('old', tmp_path / 'old.pth')
    assert capsys.readouterr().out.count('old.pth: the file does not record the list of its run') == 1


def test_resume_takes_the_newest_whole_checkpoint_and_says_which_not(tiny, tmp_path, capsys):
    train(tiny('run', **{'train_cfg.max_epochs': 1}))
    newest = tmp_path / 'run' / 'iter_4.pth'
    newest.write_bytes(newest.read_bytes()[:-1])
    train(tiny('run', resume=True, experiment_name='again', **{'train_cfg.max_epochs': 1}))
    log = capsys.readouterr()
    assert 'iter_4.pth: its SHA-256 is' in log.out + log.err
    assert 'resumed epoch: 0, iter: 3' in log.out + log.err
    assert newest_valid(tmp_path / 'run') == (newest, [])  # written anew
    newest.write_bytes(newest.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r'iter_4\.pth: its SHA-256 is .*Remedy: use another checkpoint'):
        train(tiny('named', load_from=str(newest)))
    for path in (tmp_path / 'run').glob('iter_*.pth'):
        path.write_bytes(b'PK')
    with pytest.raises(CheckpointError, match=r'no checkpoint here can be resumed from.*iter_4\.pth.*Remedy'):
        train(tiny('run', resume=True, experiment_name='damaged'))


def test_a_restarted_job_goes_on_from_its_own_checkpoints_only(tiny, tmp_path, monkeypatch, capsys):
    """What an older run has left in the folder is not resumed unasked."""
    monkeypatch.setenv('TORCHELASTIC_RUN_ID', 'none')
    train(tiny('run', **{'train_cfg.max_epochs': 1}))  # of yesterday
    (tmp_path / 'run' / 'job_began').touch()
    monkeypatch.setenv('TORCHELASTIC_RESTART_COUNT', '1')
    train(tiny('run', experiment_name='first restart', **{'train_cfg.max_epochs': 1}))
    assert 'resumed epoch' not in capsys.readouterr().out
    train(tiny('run', experiment_name='second restart', **{'train_cfg.max_epochs': 2}))
    assert 'resumed epoch: 0, iter: 4' in capsys.readouterr().out


@pytest.mark.parametrize('signalled', [True, False])
def test_a_worker_that_ends_handing_over_is_named_unless_a_signal_ended_it(tiny, tmp_path, monkeypatch, signalled):
    """The second batch breaks off, as its worker is killed between its message and the memory that it names."""
    taken, calls = dataloader._MultiProcessingDataLoaderIter._next_data, []

    def breaks_off(self):
        calls.append(1)
        if len(calls) != 2:
            return taken(self)
        self._workers[0].kill()
        if signalled:
            os.kill(os.getpid(), signal.SIGTERM)
        raise ConnectionResetError(104, 'Connection reset by peer')

    monkeypatch.setattr(dataloader._MultiProcessingDataLoaderIter, '_next_data', breaks_off)
    words = r'data-loader worker 0 \(process \d+\) died; its last video was videos/\d\.mp4.*Remedy'
    with pytest.raises(SystemExit if signalled else WorkerDied, match='143' if signalled else words):
        train(tiny('broken_off', **{'train_dataloader.num_workers': 1}))
    if signalled:
        assert newest_valid(tmp_path / 'broken_off')[0].name == 'iter_1.pth'
