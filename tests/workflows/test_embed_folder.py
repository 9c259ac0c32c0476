"""`cmvl embed -o FOLDER/`: the same parts whatever the shards, whatever is killed, cut off or mixed up."""

import csv
import errno
import json
import logging
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from hashlib import sha256

import numpy as np
import pyarrow.parquet as pq
import pytest
from mmengine.logging import MMLogger

from cmvl_mm.checkpoints.resolve import CheckpointError
from cmvl_mm.clip_search.search import search
from cmvl_mm.clip_search.stored_rows import read_embeddings
from cmvl_mm.embedding import block as embed_block
from cmvl_mm.embedding import block_engine, parts_folder, parts_manifest, store
from cmvl_mm.embedding.block import BlockTask
from cmvl_mm.embedding.block_plan import videos_of_block
from cmvl_mm.embedding.embed import embed
from cmvl_mm.embedding.embeddings import EmbeddingsError
from cmvl_mm.embedding.folder import embed_folder
from cmvl_mm.embedding.parts_folder import FolderInUse
from cmvl_mm.embedding.shards import Shard, ShardError, shard_of
from cmvl_mm.embedding.summary import summary_of_folder, told_of_folder
from cmvl_mm.files import byte_locks
from cmvl_mm.files.atomic import replace_text

SMALL = dict(workers=0, block_clips=3)
"""In this process, a video a part."""


@pytest.fixture(scope='module')
def whole(made_videos, weights, tmp_path_factory):
    """A folder of four parts."""
    out = tmp_path_factory.mktemp('whole') / 'out'
    embed_folder(made_videos, out, weights, **SMALL)
    return out


def hashes(out):
    """Of every part."""
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (out / 'parts').iterdir()}


def require_rows(out, expected):
    found = read_embeddings(out)
    for column in ('paths', 'starts', 'ends', 'labels', 'vectors'):
        np.testing.assert_array_equal(getattr(found, column), getattr(expected, column))
    assert found.meta == expected.meta


def failures(out):
    with open(out / 'failures.csv', encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))


def test_three_shards_are_one_run_to_the_byte(whole, made_videos, embedded, weights, tmp_path):
    require_rows(whole, embedded)
    out = tmp_path / 'out'
    runs = [embed_folder(made_videos, out, weights, shard=Shard(number, 3), **SMALL) for number in (3, 1, 2)]
    assert [(run.written, run.clips, run.missing) for run in runs] == [(1, 3, 3), (2, 6, 1), (1, 3, 0)]
    assert hashes(out) == hashes(whole)
    assert len(hashes(out)) == 4
    assert json.loads((out / 'manifest.json').read_text()) == json.loads((whole / 'manifest.json').read_text())
    again = embed_folder(made_videos, out, weights, **SMALL)
    assert (again.written, again.skipped) == (0, 4)
    assert {path.name for path in out.iterdir()} == {'parts', 'manifest.json', 'failures.csv', '.lock'}


KILLS = """
import os, signal, sys
from pathlib import Path
import cmvl_mm.embedding.one_video as one_video
from cmvl_mm.embedding.folder import embed_folder

embed_videos = one_video.embed_videos

def killing(videos, network):
    '''Workers import this script: its process is killed once, when the third part is begun.'''
    videos, order = list(videos), Path(sys.argv[4])
    if videos[0].name == 'b/short.mp4' and order.exists():
        order.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return embed_videos(videos, network)

one_video.embed_videos = killing  # the task imports it when a block begins
if __name__ == '__main__':
    run = embed_folder(sys.argv[1], sys.argv[2], sys.argv[3], workers=1, block_clips=3)
    print(run.written, run.skipped, len(run.failures))
"""


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_the_block_it_is_at(repository, whole, made_videos, weights, tmp_path):
    out, order = tmp_path / 'out', tmp_path / 'order'
    (tmp_path / 'run.py').write_text(KILLS)
    order.write_text('')
    words = [sys.executable, tmp_path / 'run.py', made_videos, out, weights, order]
    environment = os.environ | {'PYTHONPATH': str(repository)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
    assert not order.exists()
    assert (done.returncode, done.stdout) == (0, '4 0 0\n'), done.stderr
    assert hashes(out) == hashes(whole)


def test_a_video_that_kills_its_process_is_a_failure_and_its_neighbours_have_rows(
    made_videos, embedded, weights, tmp_path, monkeypatch
):
    def in_processes(task, items, workers, kill):
        assert kill
        for item in items:
            deadly = 'b/short.mp4' in getattr(item, 'paths', [item])
            yield item, None if deadly else task(item)

    monkeypatch.setattr(block_engine, 'in_processes', in_processes)
    monkeypatch.setattr(embed_block, '_result_apart', lambda in_worker: nullcontext())  # the worker is this process
    run = embed_folder(made_videos, tmp_path / 'out', weights, workers=1, block_clips=6)
    assert [(failure.path, failure.stage) for failure in run.failures] == [('b/short.mp4', 'process')]
    rows = read_embeddings(tmp_path / 'out')
    kept = embedded.paths != 'b/short.mp4'
    assert rows.paths.tolist() == embedded.paths[kept].tolist()
    np.testing.assert_array_equal(rows.vectors, embedded.vectors[kept])


def test_the_log_keeps_its_level_where_every_video_kills_its_process(made_videos, weights, tmp_path, monkeypatch):
    """The rows' width is that of the network, which is built in this process then."""
    monkeypatch.setattr(block_engine, 'in_processes', lambda task, items, *_, **__: ((item, None) for item in items))
    embed_block._built.cache_clear()
    run = embed_folder(made_videos, tmp_path / 'out', weights, workers=1)
    assert {failure.stage for failure in run.failures} == {'process'}
    assert read_embeddings(tmp_path / 'out').vectors.shape == (0, 16)
    assert MMLogger.get_current_instance().level == logging.NOTSET


def test_rows_of_other_weights_settings_or_lists_are_refused(whole, videos, make_network, weights, tmp_path):
    out = tmp_path / 'out'
    embed_folder(videos, out, weights, **SMALL)
    before = hashes(out)
    other = make_network(1)
    (tmp_path / 'list.txt').write_text('b/short.mp4 b\na/one.mp4 a\na/two.mkv a\nb/three.avi b\n')
    for words, options in (
        (f' then, {other} now', dict(videos=videos, model=other)),
        ('clips was 3, now 2', dict(videos=videos, model=weights, clips=2)),
        ('root was', dict(videos=videos / 'a', model=weights)),
        ('another list of videos: the same number, with other names, labels or order', dict(
            videos=tmp_path / 'list.txt', root=videos, model=weights)),
        ('another list of videos: 1 videos per part then, 2 now', dict(videos=videos, model=weights, block_clips=6)),
    ):  # fmt: skip
        with pytest.raises(EmbeddingsError, match=words) as caught:
            embed_folder(**SMALL | options, out=out)
        assert str(caught.value).startswith(f'{out}: ')
        assert f'Remedy: {"pass the same list" if "list" in words else "use the weights"}' in str(caught.value)
        assert 'list' in words or f'on this machine, {platform.node()}' in str(caught.value)
        assert hashes(out) == before
    shutil.copy(whole / 'parts' / '000001.parquet', out / 'parts' / '000001.parquet')  # of videos in another place
    for use in (lambda: embed_folder(videos, out, weights, **SMALL), lambda: read_embeddings(out)):
        with pytest.raises(EmbeddingsError, match=r'000001\.parquet: contains rows of other weights or settings: root'):
            use()
    shutil.copy(out / 'parts' / '000000.parquet', out / 'parts' / '000001.parquet')
    with pytest.raises(EmbeddingsError, match=r'000001\.parquet: contains other videos than this part'):
        embed_folder(videos, out, weights, **SMALL)
    run = embed_folder(videos, out, other, overwrite=True, **SMALL)
    assert (run.written, run.clips) == (4, 12)
    assert read_embeddings(out).meta.model == str(other)


OWN_CLASS = """
from mmaction.registry import MODELS
from cmvl_mm.models.c3d import C3DBN
@MODELS.register_module(force=True)
class OwnNetwork(C3DBN):
    pass
"""


@pytest.mark.parametrize('workers', [0, 1])
def test_weights_that_fit_no_model_are_said_as_such_and_the_folder_stays_free(
    made_videos, make_network, weights, tmp_path, workers
):
    wrong = make_network(2)
    config = wrong.with_name('config.py')
    config.write_text(config.read_text().replace('width=2', 'width=3'))
    out = tmp_path / 'out'
    with pytest.raises(CheckpointError, match=rf'^{re.escape(str(wrong))} does not fit C3DBN: .* Remedy'):
        embed_folder(made_videos, out, wrong, workers=workers)
    assert hashes(out) == {}
    assert embed_folder(made_videos, out, weights, **SMALL).written == 4  # without overwrite
    other = tmp_path / 'other'
    embed_folder(made_videos, other, weights, **SMALL)
    (other / 'parts' / '000001.parquet').unlink()
    with parts_folder.PartsFolder(other, parts_manifest.read_manifest(other), [1]) as folder:
        folder.forget()  # nothing: there are parts
    assert embed_folder(made_videos, other, weights, **SMALL).written == 1


def test_a_worker_runs_the_imports_of_a_config_of_ones_own(made_videos, make_network, tmp_path, monkeypatch):
    mine = make_network(0)
    folder = tmp_path / 'library'
    folder.mkdir()
    (folder / 'own_network.py').write_text(OWN_CLASS)
    config = mine.with_name('config.py')
    text = config.read_text().replace("type='C3DBN'", "type='OwnNetwork'")
    config.write_text(text + "custom_imports = dict(imports=['cmvl_mm.register', 'own_network'])\n")
    monkeypatch.setenv('PYTHONPATH', str(folder))
    monkeypatch.syspath_prepend(folder)
    run = embed_folder(made_videos, tmp_path / 'out', mine, workers=1)
    assert (run.written, run.meta.network['backbone']['type']) == (1, 'OwnNetwork')


def test_a_part_that_is_cut_off_or_damaged_is_named_and_made_again(whole, made_videos, weights, tmp_path, caplog):
    out = shutil.copytree(whole, tmp_path / 'out')
    part = out / 'parts' / '000001.parquet'
    content = part.read_bytes()
    part.write_bytes(content[: len(content) // 2])
    part.with_name('000001.parquet.1.1.part').write_bytes(b'what a kill while writing leaves')
    with pytest.raises(EmbeddingsError, match=r'000001\.parquet: .*Remedy: repeat the command that wrote the folder'):
        search(out, 0)
    run = embed_folder(made_videos, out, weights, **SMALL)
    assert 'parts/000001.parquet: ' in caplog.text
    assert (run.written, run.skipped) == (1, 3)
    assert hashes(out) == hashes(whole)
    place = content.index(read_embeddings(whole).vectors[4].tobytes())
    part.write_bytes(content[:place] + b'damaged' + content[place + 7 :])
    with pytest.raises(EmbeddingsError, match=r'000001\.parquet: '):
        search(out, 0)
    part.unlink()
    part.mkdir()  # nothing can be renamed to this
    with pytest.raises(
        EmbeddingsError, match=rf'000001\.parquet: cannot be written on {platform.node()}: .*Remedy: free'
    ):
        embed_folder(made_videos, out, weights, **SMALL)
    part.rmdir()
    with pytest.raises(EmbeddingsError, match=r'1 of 4 parts are missing, first 000001\.parquet\. Remedy'):
        search(out, 0)


def test_a_full_disk_is_named_with_its_machine_and_what_is_finished_is_kept(
    whole, made_videos, weights, tmp_path, full_disk, cmvl, monkeypatch
):
    out, written = tmp_path / 'out', []
    write_part = embed_block.write_part

    def fills_up(path, *rest):
        with full_disk(2**30 if len(written) < 2 else 3000):  # bytes; a part has 3.6 kB
            written.append(write_part(path, *rest))
        return written[-1]

    monkeypatch.setattr(embed_block, 'write_part', fills_up)
    told = rf'cannot be written on {platform.node()}: .*File too large\. Finished parts are kept\. Remedy: free space'
    with pytest.raises(EmbeddingsError, match=rf'^{out}/parts/000002\.parquet: {told}'):
        embed_folder(made_videos, out, weights, **SMALL)
    kept = {name: hashes(whole)[name] for name in ('000000.parquet', '000001.parquet')}
    assert hashes(out) == kept  # and nothing that was begun
    monkeypatch.setattr(embed_block, 'write_part', write_part)

    def no_room(path, text):
        with full_disk(30):
            replace_text(path, text)

    for module in (parts_folder, parts_manifest, store):
        monkeypatch.setattr(module, 'replace_text', no_room)
    with pytest.raises(EmbeddingsError, match=rf'^{out}/failures\.csv: {told}'):
        embed_folder(made_videos, out, weights, **SMALL)
    assert hashes(out) == hashes(whole)
    for name, file in (('new/', 'manifest.json'), ('new.parquet', 'new.failures.json')):
        line = cmvl('embed', made_videos, '-o', f'{tmp_path}/{name}', '--model', weights, code=1).splitlines()[-1]
        assert re.match(rf'Error: {tmp_path}/.*{file}: {told}', line)
    monkeypatch.undo()
    assert embed_folder(made_videos, out, weights, **SMALL).skipped == 4


def test_a_video_that_cannot_be_read_is_in_the_table_and_tried_again_when_it_changes(
    videos, embedded, weights, tmp_path
):
    whole = (videos / 'a' / 'two.mkv').read_bytes()
    (videos / 'a' / 'two.mkv').write_bytes(b'no video')
    out = tmp_path / 'out'
    for number in (1, 2):
        run = embed_folder(videos, out, weights, shard=Shard(number, 2), **SMALL)
    assert (run.clips, [failure.path for failure in run.failures]) == (3, ['a/two.mkv'])
    (failed,) = failures(out)
    assert (failed['path'], failed['stage'], failed['part']) == ('a/two.mkv', 'open', '1')
    assert failed['reason']
    assert failed['machine'] == platform.node()
    assert '3 clips of 1 video; 1 video failed -> ' in (told := told_of_folder(summary_of_folder(run)))
    assert '  a/two.mkv: open: ' in told
    assert 'a/two.mkv' not in read_embeddings(out).paths
    assert embed_folder(videos, out, weights, **SMALL).written == 0
    (videos / 'a' / 'two.mkv').write_bytes(whole)
    (videos / 'a' / 'one.mp4').write_bytes((videos / 'b' / 'short.mp4').read_bytes())
    later = time.time() + 5
    os.utime(videos / 'a' / 'one.mp4', (later, later))
    assert embed_folder(videos, out, weights, **SMALL).written == 2
    rows = read_embeddings(out)
    np.testing.assert_array_equal(rows.vectors[3:], embedded.vectors[3:])
    np.testing.assert_array_equal(rows.vectors[:3], embedded.vectors[embedded.paths == 'b/short.mp4'])
    assert failures(out) == []


def test_two_runs_never_write_one_part(made_videos, weights, tmp_path, monkeypatch):
    out = tmp_path / 'out'
    out.mkdir()
    lock = (
        'import fcntl, os, sys; file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT);'
        'fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 2); print("held", flush=True); sys.stdin.read()'
    )
    (out / 'parts').mkdir()
    words = [sys.executable, '-c', lock, out / '.lock']
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == 'held\n'
        with pytest.raises(FolderInUse, match=r'another run is writing part 1, .*Remedy: wait'):
            embed_folder(made_videos, out, weights, **SMALL)
        assert hashes(out) == {}
        assert embed_folder(made_videos, out, weights, shard=Shard(1, 2), **SMALL).written == 2
    seen = []
    call = BlockTask.__call__

    def trying(task, block):
        seen.append(subprocess.run(words, input='', capture_output=True, text=True).stderr.splitlines()[-1])
        return call(task, block)

    monkeypatch.setattr(BlockTask, '__call__', trying)
    assert embed_folder(made_videos, out, weights, **SMALL).written == 2
    assert all(error.startswith('BlockingIOError') for error in seen)
    assert len(seen) == 2


@pytest.mark.parametrize('system', ['a disk without locks', 'Windows'])
def test_a_disk_without_locks_is_named_once_and_used(
    whole, made_videos, weights, tmp_path, monkeypatch, caplog, system
):
    def refuse(*_):
        raise OSError(errno.ENOLCK, 'No locks available')

    if system == 'Windows':
        monkeypatch.setattr(byte_locks, 'fcntl', None)
    else:
        monkeypatch.setattr(byte_locks.fcntl, 'lockf', refuse)
    out = tmp_path / 'out'
    embed_folder(made_videos, out, weights, **SMALL)
    assert hashes(out) == hashes(whole)
    assert [record.message for record in caplog.records if 'no locks' in record.message] == [
        f'{out}: the file system has no locks; two runs on one part do its work twice.'
    ]


def test_a_search_in_a_folder_finds_what_a_search_in_a_file_finds(videos, weights, tmp_path, cmvl):
    shutil.copy(videos / 'a' / 'two.mkv', videos / 'b' / 'zwilling.mkv')  # equal rows, in another part: ties
    out = tmp_path / 'out'
    embed_folder(videos, out, weights, **SMALL)
    rows = embed(videos, weights)
    twin = np.flatnonzero(rows.paths == 'b/zwilling.mkv')
    for query in (4, int(twin[1]), videos / 'b' / 'zwilling.mkv'):
        for k in (1, 2, 7, 100):
            for options in ({}, dict(clips=True), dict(others=True), dict(clips=True, others=True)):
                assert search(out, query, k, **options) == search(rows, query, k, **options)
    assert [match.path for match in search(out, int(twin[1]), 2)] == ['a/two.mkv', 'b/zwilling.mkv']
    told = json.loads(cmvl('search', out, '4', '-k', 2, '--json'))
    assert told == [match._asdict() for match in search(rows, 4, 2)]


def test_a_part_without_rows_is_a_part_like_any_other(videos, weights, tmp_path):
    (videos / 'a' / 'two.mkv').write_bytes(b'no video')
    embed_folder(videos, tmp_path / 'out', weights, **SMALL)
    tables = [pq.read_schema(path) for path in sorted((tmp_path / 'out' / 'parts').iterdir())]
    assert len({str(schema.remove_metadata()) for schema in tables}) == 1
    assert len(search(tmp_path / 'out', 0, 100)) == 3


def test_the_command(made_videos, whole, weights, tmp_path, cmvl, monkeypatch):
    out = f'{tmp_path}/new/out/'
    for name, value in dict(RANK='0', WORLD_SIZE='2').items():
        monkeypatch.setenv(name, value)
    words = ['embed', made_videos, '-o', out, '--model', weights, '--workers', 1]
    told = json.loads(cmvl(*words, '--shard', 'env', '--json'))
    assert told | dict(model='', sha256='', notes='', out='') == dict(
        out='', shard='1/2', parts=1, written=1, skipped=0, missing=0, videos=4, clips=12, failed=0, stretched=1,
        notes='', failures=[], model='', sha256='', root=str(made_videos),
    )  # fmt: skip
    np.testing.assert_array_equal(read_embeddings(out).vectors, read_embeddings(whole).vectors)
    assert '0 parts written, 1 finished before; the folder is complete with 1 part' in cmvl(*words)
    for more, error in (
        (['-o', tmp_path / 'f.parquet', '--shard', '1/2'], '--shard needs a folder of parts'),
        (['-o', tmp_path / 'f'], 'must end in .parquet for a file, or in / for a folder'),
    ):
        assert error in cmvl('embed', made_videos, *more, code=2)
    assert "shard '3/2' is not I/N" in cmvl(*words, '--shard', '3/2', code=1)
    assert 'exclude each other' in cmvl(*words, '--shard', '1/2', '--overwrite', code=1)
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'file').write_text('')
    assert 'contains other files' in cmvl('embed', made_videos, '-o', tmp_path / 'other', '--model', weights, code=1)


def test_shares_by_launchers():
    array = dict(
        SLURM_ARRAY_TASK_MIN='3', SLURM_ARRAY_TASK_MAX='9', SLURM_ARRAY_TASK_STEP='3', SLURM_ARRAY_TASK_COUNT='3'
    )
    step = dict(SLURM_PROCID='1', SLURM_STEP_NUM_TASKS='2')
    for environment, expected in (
        (dict(RANK='1', WORLD_SIZE='4'), (2, 4)),
        (step, (2, 2)),
        (array | dict(SLURM_ARRAY_TASK_ID='9'), (3, 3)),
        (array | dict(SLURM_ARRAY_TASK_ID='6') | step, (4, 6)),
        (array | dict(SLURM_ARRAY_TASK_ID='6', SLURM_PROCID='0', SLURM_NTASKS='8'), (2, 3)),  # a batch script itself
    ):
        assert shard_of('env', environment) == expected
    assert shard_of('2/3') == Shard(2, 3)
    every = [
        shard_of('env', array | dict(SLURM_ARRAY_TASK_ID=task, SLURM_PROCID=rank, SLURM_STEP_NUM_TASKS='2')).number
        for task in '369'
        for rank in '01'
    ]
    assert every == [1, 2, 3, 4, 5, 6]
    for text, environment, words in (
        ('env', {}, 'neither torchrun, srun nor a Slurm array'),
        ('env', dict(WORLD_SIZE='2'), 'RANK is not set'),
        ('env', array | dict(SLURM_ARRAY_TASK_ID='6', SLURM_ARRAY_TASK_COUNT='2'), 'not a complete range'),
        ('0/2', {}, "shard '0/2' is not I/N"),
        ('half', {}, "shard 'half' is not I/N"),
    ):
        with pytest.raises(ShardError, match=words):
            shard_of(text, environment)


def test_blocks_hold_at_most_a_thousand_clips_and_serve_many_workers():
    assert videos_of_block(1_000_000, 4) == 250
    assert videos_of_block(1_000_000, 3) == 333
    assert videos_of_block(1_000_000, 2000) == 1
    assert videos_of_block(6400, 4) == 100  # 64 parts
    assert videos_of_block(20, 4) == 16
    assert videos_of_block(1_000_000, None) == 32
