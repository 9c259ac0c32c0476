"""`--engine ray`: parts, lists and failures of the other engine, whatever is killed; errors that name machines."""

import json
import logging
import operator
import os
import platform
import resource
import signal
import socket
import sys
import tempfile
from contextlib import nullcontext
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from types import ModuleType

import pytest
from process_state import changes, process_state

from cmvl_mm.embedding import block_engine, folder
from cmvl_mm.embedding.block import BlockTask
from cmvl_mm.embedding.embeddings import EmbeddingsError
from cmvl_mm.embedding.folder import embed_folder
from cmvl_mm.embedding.video_inputs import InputsError
from cmvl_mm.prepare import ray_cluster, ray_crew
from cmvl_mm.prepare.ray_cluster import ClusterError, connected
from cmvl_mm.prepare.ray_pool import _gpus_of_a_worker, ray_pool
from cmvl_mm.workflows.prepare_request import PrepareRequest, RequestError
from cmvl_mm.workflows.prepare_videos import prepare_videos

pytest.importorskip('ray', reason="Ray is not installed: pip install 'cmvl_mm[ray]'")

from ray._private.worker import restore_tqdm

NODE = platform.node()
ON_RAY = dict(engine='ray', workers=1, block_clips=3)
"""One worker, a video a part."""


@pytest.fixture(scope='module')
def cluster():
    """One on this machine for all tests; nothing of it is left afterwards, though workers have died."""
    folders = set(Path(tempfile.gettempdir()).glob('cmvl_ray_*'))
    before = process_state()
    with connected(None, 2):
        yield
    assert not [words for words in _children() if 'raylet' in words or 'gcs_server' in words]
    assert set(Path(tempfile.gettempdir()).glob('cmvl_ray_*')) <= folders
    assert changes(before, process_state()) == set()  # `print`, variables, handlers of signals, log levels


def _children():
    found = []
    for pid in Path(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read_text().split():
        found.append(Path(f'/proc/{pid}/cmdline').read_text())
    return found


def hashes(out):
    """Of every part."""
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (out / 'parts').iterdir()}


# Before there is a cluster.


def test_an_address_without_a_cluster_is_one_line(made_videos, weights, tmp_path, cmvl):
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        address = f'127.0.0.1:{other.getsockname()[1]}'  # nobody listens
    words = ['embed', made_videos, '-o', f'{tmp_path}/out/', '--model', weights, '--engine', 'ray']
    told = cmvl(*words, '--address', address, code=1)
    assert told.splitlines()[-1].startswith(f'Error: {address}: {NODE} finds no Ray cluster there: ')
    assert 'Remedy: run `ray start --head` there' in told
    with socket.create_server(('127.0.0.1', 0)) as other:

        def answer():
            with other.accept()[0] as connection:
                connection.sendall(b'HTTP/1.0 400 Bad Request')

        Thread(target=answer).start()
        address = f'127.0.0.1:{other.getsockname()[1]}'
        assert 'another program listens there' in cmvl(*words, '--address', address, code=1)
    assert 'not the HOST:PORT of a Ray cluster' in cmvl(*words, '--address', 'ray://head:10001', code=1)


def test_what_contradicts_ray_is_refused(made_videos, weights, tmp_path, cmvl):
    words = ['embed', made_videos, '-o', f'{tmp_path}/out/', '--model', weights]
    assert "shard=1/2 and engine='ray' exclude each other" in cmvl(*words, '--engine', 'ray', '--shard', '1/2', code=1)
    assert '--engine ray' in cmvl(*words, '--address', 'auto', code=1)
    assert 'a folder of parts' in cmvl('embed', made_videos, '-o', 'f.parquet', '--engine', 'ray', code=2)
    with pytest.raises(InputsError, match='Ray itself assigns the GPUs'):
        embed_folder(made_videos, tmp_path / 'out', weights, engine='ray', device='cuda:1')
    with pytest.raises(InputsError, match='workers=0 must be at least 1'):
        embed_folder(made_videos, tmp_path / 'out', weights, engine='ray', workers=0)
    for options in (dict(shard=(1, 2), engine='ray'), dict(address='auto')):
        with pytest.raises(RequestError, match='engine ray'):
            PrepareRequest(made_videos, tmp_path / 'dst', **options)


@pytest.mark.parametrize('starts', [True, False])
def test_the_process_is_afterwards_as_it_was(monkeypatch, starts):
    def init(*_, logging_level, **__):
        """Changes what Ray's does."""
        signal.signal(signal.SIGTERM, lambda *_: None)
        os.environ['PYTHONBREAKPOINT'] = 'ray.util.rpdb._driver_set_trace'
        logging.getLogger('ray').setLevel(logging_level)
        if not starts:
            raise Exception('The current node timed out during startup')

    monkeypatch.setattr('ray.init', init)
    monkeypatch.setattr('ray.experimental.tqdm_ray._manager', None)
    monkeypatch.setattr(ray_cluster, '_own', Event())
    before = process_state()
    told = pytest.raises(ClusterError, match=r'Ray cannot start on .*timed out.*Remedy')
    with nullcontext() if starts else told, connected(None, 1):
        restore_tqdm()  # as Ray does when it has told of a worker's death
    assert changes(before, process_state()) == set()


# With a cluster: on one interpreter, as what is slow.


@pytest.mark.slow
def test_an_item_that_kills_its_process_is_named_and_the_others_have_results(cluster, tmp_path, caplog, monkeypatch):
    order = tmp_path / 'order'
    order.write_text('')

    def dies_once():
        if order.exists():
            order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        logging.getLogger('cmvl_mm.video').warning('seen')
        return os.getpid()

    deadly = partial(signal.raise_signal, signal.SIGKILL)
    items = [os.getppid, deadly, dies_once, os.getpid]
    with ray_pool(None, 1, [], local_workers=1) as pool:
        found = dict(pool(operator.call, items, 1))
        assert {item for item, result in found.items() if result is None} == {deadly}
        assert len(found) == 4
        assert found[dies_once] not in (os.getpid(), found[os.getpid])  # in another process than before its death
        told = [record.getMessage() for record in caplog.records]
        assert sorted(told) == [f'{NODE}: a worker process died or was killed.'] * 3 + [f'{NODE}: seen']
        with pytest.raises(ZeroDivisionError) as caught:
            list(pool(operator.call, [partial(divmod, 1, 0)], 1))
        assert caught.value.__notes__[0].startswith(f'on {NODE}:\n')
        monkeypatch.setitem(sys.modules, 'only_here', module := ModuleType('only_here'))
        exec('def found(*_): pass', vars(module))  # as a package that only this machine has
        for task, item in ((operator.call, module.found), (module.found, 1)):
            with pytest.raises(
                ClusterError, match=f"{NODE}: .*No module named 'only_here'.*Remedy: install the same packages"
            ):
                list(pool(task, [item], 1))


@pytest.mark.slow
def test_parts_are_those_of_the_other_engine_though_a_disk_is_full_and_a_worker_is_killed(
    cluster, videos, weights, tmp_path, monkeypatch, cmvl
):
    (videos / 'b' / 'three.avi').write_bytes(b'no video')
    embed_folder(videos, tmp_path / 'one', weights, workers=0, block_clips=3)
    order = tmp_path / 'order'
    order.write_text('')

    class Full(BlockTask):
        def __call__(self, block):
            if block.number == 2:
                resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))  # bytes; a part has 3.6 kB
            return super().__call__(block)

    monkeypatch.setattr(folder, 'BlockTask', Full)
    told = rf'/parts/000002\.parquet: cannot be written on {NODE}: .*File too large\. Finished parts are kept'
    with pytest.raises(EmbeddingsError, match=told):
        embed_folder(videos, tmp_path / 'out', weights, **ON_RAY)
    assert sorted(hashes(tmp_path / 'out')) == ['000000.parquet', '000001.parquet']

    class Killed(BlockTask):
        def __call__(self, block):
            if block.number == 3 and order.exists():
                order.unlink()
                (self.folder / 'parts' / '000003.parquet.1.1.part').write_bytes(b'begun')
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__call__(block)

    monkeypatch.setattr(folder, 'BlockTask', Killed)
    monkeypatch.chdir(tmp_path)  # the worker is elsewhere
    run = embed_folder(Path('videos'), Path('out'), weights, **ON_RAY)
    assert not order.exists()
    assert (run.written, run.clips, [failure.path for failure in run.failures]) == (2, 9, ['b/three.avi'])
    assert hashes(tmp_path / 'out') == hashes(tmp_path / 'one')
    for name in ('manifest.json', 'failures.csv'):
        assert (tmp_path / 'out' / name).read_bytes() == (tmp_path / 'one' / name).read_bytes()

    def refuse(*_):
        raise AssertionError('nothing is left to do')

    monkeypatch.setattr(block_engine.Engine, 'pool', refuse)
    again = embed_folder(videos, tmp_path / 'out', weights, **ON_RAY)
    assert (again.written, again.skipped) == (0, 4)


def test_weights_that_differ_on_a_machine_are_refused(made_videos, make_network, tmp_path, monkeypatch):
    mine, other = make_network(0), make_network(1)
    plan_network = folder.plan_network

    def loaded_before_the_file_changes(*words, **options):
        plan = plan_network(*words, **options)
        mine.write_bytes(other.read_bytes())
        return plan

    monkeypatch.setattr(folder, 'plan_network', loaded_before_the_file_changes)
    out = tmp_path / 'out'
    with pytest.raises(EmbeddingsError, match=rf'sha256 was .* Remedy: check {mine} on {NODE}; keep the weights'):
        embed_folder(made_videos, out, mine, workers=0)  # workers of all engines say it
    assert hashes(out) == {}


@pytest.mark.slow
def test_a_machine_with_another_version_or_without_the_folders_is_refused(cluster, monkeypatch, tmp_path):
    with (
        ray_pool(None, 1, [tmp_path / 'not here'], local_workers=1) as pool,
        pytest.raises(ClusterError, match=rf'not here: does not exist on {NODE}\. Remedy: use folders that all'),
    ):
        list(pool(operator.call, [os.getpid], 1))
    monkeypatch.setattr(ray_crew, 'VERSION', '9.9')
    with (
        ray_pool(None, 1, [], local_workers=1) as pool,
        pytest.raises(ClusterError, match=rf"{NODE}: .*cmvl_mm is version .*, not 9\.9\. Remedy: pip install 'cmvl"),
    ):
        list(pool(operator.call, [os.getpid], 1))
    with pytest.raises(ClusterError, match='already connected to a Ray cluster'), connected('127.0.0.1:1', 1):
        pass
    task = BlockTask(tmp_path, 'of a run', None)
    with pytest.raises(EmbeddingsError, match=f'this folder has no manifest on {NODE}'):
        task.network()


@pytest.mark.slow
def test_prepared_videos_lists_and_report_are_those_of_one_machine(cluster, videos, tmp_path, monkeypatch):
    (videos / 'a' / 'broken.mp4').write_bytes(b'no video')
    (videos / 'b' / 'empty.mkv').touch()
    found = {}
    for engine in ('process', 'ray'):
        dst = tmp_path / engine
        turned = (
            (lambda outcomes, total: reversed(list(outcomes))) if engine == 'ray' else (lambda outcomes, _: outcomes)
        )
        request = PrepareRequest(videos, dst, engine=engine, workers=1)
        result = prepare_videos(request, say=lambda line: None, watch=turned)
        assert result.useful
        found[engine] = {
            path.relative_to(dst): path.read_bytes() for path in dst.rglob('*.*') if path.name != '.prepare.lock'
        }
    assert found['process'] == found['ray']
    report = json.loads(found['ray'][Path('report.json')])
    assert report['ready'] == 4
    assert {one['path']: one['machine'] for one in report['failed']} == {'a/broken.mp4': NODE, 'b/empty.mkv': NODE}
    assert len(found['ray']) == 4 + len(['report.json', 'all.txt', 'classes.txt', 'profile.txt'])


def test_each_worker_has_a_gpu_or_a_share_of_one():
    assert [_gpus_of_a_worker(workers, 2) for workers in (1, 2, 4, 5)] == [1, 1, 1 / 2, 1 / 3]
    with pytest.raises(ClusterError, match='no machine of the Ray cluster has a GPU'):
        _gpus_of_a_worker(1, 0)
