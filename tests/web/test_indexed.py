"""`cmvl web FOLDER/ --index KIND`: the clips that every row compared finds, without their vectors in memory."""

import dataclasses

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from cmvl_mm.cli.main import main
from cmvl_mm.clip_search.build_index import build_index
from cmvl_mm.embedding.block_plan import Block, digest_of
from cmvl_mm.embedding.part_file import write_part
from cmvl_mm.embedding.parts_folder import part_path
from cmvl_mm.embedding.parts_manifest import PartsManifest
from cmvl_mm.embedding.video_rows import VideoRows
from cmvl_mm.web.app import create_app
from cmvl_mm.web.indexed import IndexedNearest


@pytest.fixture(scope='module')
def folder(collection, tmp_path_factory):
    """The collection in a part for each video, with an index."""
    pytest.importorskip('faiss', reason="needs FAISS: pip install 'cmvl_mm[search]'")
    found, folder = collection.found, tmp_path_factory.mktemp('parts') / 'features'
    names, labels = tuple(found.paths[::2].tolist()), tuple(found.labels[::2])
    (folder / 'parts').mkdir(parents=True)
    PartsManifest(found.meta, len(names), digest_of(names, labels), 1, ()).write(folder)
    for number, name in enumerate(names):
        here = slice(2 * number, 2 * number + 2)
        rows = VideoRows(found.starts[here], found.ends[here], found.vectors[here], False)
        block = Block(number, (name,), labels[number : number + 1])
        write_part(part_path(folder, number), block, [rows], found.meta, found.vectors.shape[1])
    build_index(folder)
    return folder


def test_answers_are_those_of_the_exact_search_and_no_vector_is_in_memory(folder, settings):
    by_index = IndexedNearest(folder, 'ivf')
    assert not hasattr(by_index.collection.found, 'vectors')
    indexed_settings = dataclasses.replace(settings, collection=by_index.collection, nearest=by_index)
    with (
        TestClient(create_app(settings), base_url='http://127.0.0.1') as exact,
        TestClient(create_app(indexed_settings), base_url='http://127.0.0.1') as other,
    ):
        urls = ['/', '/clips?seed=1&page=0&label=', '/videos?text=b/']
        for row in (0, 4, 7):
            for k in (1, 3, 100):
                for label in ('', 0, 1):
                    urls += [f'/nearest?row={row}&k={k}&label={label}&others={others}' for others in (0, 1)]
        for url in urls:
            told = exact.get(url)
            assert told.status_code == 200
            assert other.get(url).text == told.text
        assert told.text.count('data-src') == 1 + 2  # the query, and both clips of the other video of label 1
        data = settings.collection.file(4).read_bytes()
        for label in ('', 0):
            near = [
                client.get(
                    '/nearest',
                    params=dict(
                        upload=client.post('/uploads?name=mine.mp4', content=data).json()['id'],
                        k=3, label=label, others=1,
                    ),
                ).text.partition('</article>')[2]
                for client in (exact, other)
            ]  # fmt: skip
            assert near[0] == near[1]
            assert near[0].count('data-src') == 3
        refused = other.get('/nearest?row=0&k=1&label=2&others=1')
        assert (refused.status_code, refused.json()) == (404, dict(message='label 2: the features file has 2 labels'))
        assert other.get('/nearest?row=8&k=1&label=&others=1').status_code == 404


def test_an_index_that_is_not_there_is_one_line_before_the_page_opens(folder, tmp_path):
    told = CliRunner().invoke(main, ['web', str(folder), '--index', 'lance', '--port', '0'])
    assert told.exit_code == 1
    assert told.output.startswith(f'Error: {folder}/index/lance: there is no such index. Remedy: cmvl index {folder}')
    (tmp_path / 'f.parquet').touch()
    told = CliRunner().invoke(main, ['web', str(tmp_path / 'f.parquet'), '--index', 'ivf'])
    assert told.output.startswith(f'Error: {tmp_path}/f.parquet: a file has no index. Remedy: ')
