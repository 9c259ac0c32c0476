"""Folders of parts on object stores: S3 by a server in this process, and fsspec's own store in memory."""

import pytest

from cmvl_mm.clip_search.row_filter import RowFilter
from cmvl_mm.clip_search.search import search_many
from cmvl_mm.clip_search.stored_rows import read_embeddings
from cmvl_mm.embedding.embed import embed
from cmvl_mm.embedding.embeddings import EmbeddingsError
from cmvl_mm.embedding.folder import embed_folder

fsspec = pytest.importorskip('fsspec', reason="needs fsspec: pip install 'cmvl_mm[s3]'")


@pytest.fixture(scope='module')
def s3():
    """The file system of a bucket, `bucket`, which the environment leads to."""
    pytest.importorskip('s3fs', reason="needs s3fs: pip install 'cmvl_mm[s3]'")
    server_module = pytest.importorskip('moto.server', reason='needs moto: pip install moto[server]')
    from werkzeug.serving import WSGIRequestHandler

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIRequestHandler, 'log', lambda *_: None)
        server = server_module.ThreadedMotoServer(ip_address='127.0.0.1', port=0)
        server.start()
        host, port = server.get_host_and_port()
        patch.setenv('AWS_ENDPOINT_URL', f'http://{host}:{port}')
        for name in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'):
            patch.setenv(name, 'test')
        patch.setenv('AWS_DEFAULT_REGION', 'us-east-1')
        store = fsspec.filesystem('s3', skip_instance_cache=True)
        store.mkdir('bucket')
        yield store
        server.stop()


@pytest.fixture
def memory():
    store = fsspec.filesystem('memory')
    yield store
    store.rm('/', recursive=True)


@pytest.fixture(scope='module')
def few(draw, write_parts, tmp_path_factory):
    """120 rows in 8 parts."""
    return write_parts(tmp_path_factory.mktemp('few') / 'features', draw(40))


def uploaded(store, few, address):
    store.put(str(few / 'manifest.json'), f'{address}/manifest.json')
    for part in sorted((few / 'parts').iterdir()):
        store.put(str(part), f'{address}/parts/{part.name}')
    return f'{address}/'


@pytest.mark.parametrize('kind', ['s3', 'memory'])
def test_a_folder_on_a_store_is_the_one_on_the_disk(few, kind, request):
    store = request.getfixturevalue(kind)
    address = uploaded(store, few, f'{kind}://bucket/features')
    assert (read_embeddings(address).vectors == read_embeddings(few).vectors).all()
    for where in (RowFilter(), RowFilter(path='cam1/*', label='run')):
        options = dict(k=20, others=True, where=where)
        assert search_many(address, [0, 119], **options) == search_many(few, [0, 119], **options)


@pytest.mark.parametrize('kind', ['s3', 'memory'])
def test_parts_that_are_missing_or_cut_off_there_are_named(few, kind, request):
    store = request.getfixturevalue(kind)
    address = uploaded(store, few, f'{kind}://bucket/broken')
    part = f'{address}parts/000007.parquet'
    whole = store.cat_file(part)
    store.pipe_file(part, whole[:-200])
    with pytest.raises(EmbeddingsError, match=rf'^{part}: .*Remedy: repeat the command that wrote the folder'):
        search_many(address, [0])
    store.pipe_file(part, whole[:4000] + bytes(500) + whole[4500:])
    with pytest.raises(EmbeddingsError, match=rf'^{part}: .*Remedy: repeat the command that wrote the folder'):
        search_many(address, [0])
    store.rm(part)
    with pytest.raises(EmbeddingsError, match=rf'^{address[:-1]}: 1 of 8 parts are missing, first 000007\.parquet'):
        search_many(address, [0])
    for none in (f'{kind}://bucket/none', f'{kind}://nobucket/features'):
        with pytest.raises(FileNotFoundError, match=rf'^{none}/manifest\.json: there is no such file.*Remedy'):
            search_many(none, [0])


def test_a_store_that_cannot_be_reached_or_is_unknown(monkeypatch):
    with pytest.raises(EmbeddingsError, match=r'^nowhere://bucket/features: .*Remedy'):
        search_many('nowhere://bucket/features', [0])

    def unknown(address):
        raise ImportError('Install s3fs to access S3')

    monkeypatch.setattr('fsspec.core.url_to_fs', unknown)
    with pytest.raises(ModuleNotFoundError, match=r'^s3://bucket/features: needs s3fs.*cmvl_mm\[s3\]') as caught:
        search_many('s3://bucket/features', [0])
    assert caught.value.name == 's3fs'


def test_nothing_is_written_there(tmp_path):
    for write in (embed, embed_folder):
        with pytest.raises(ValueError, match=r'^s3://bucket/features: .*Remedy: '):
            write(tmp_path, out='s3://bucket/features')
    assert not list(tmp_path.iterdir())
