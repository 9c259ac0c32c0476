"""The page's query by upload, answered by the network that made the features."""

import dataclasses

import pytest

pytest.importorskip('starlette', reason="needs pip install 'cmvl_mm[web]'")

from starlette.testclient import TestClient

from cmvl_mm.web.app import Settings, create_app
from cmvl_mm.web.collection import Collection
from cmvl_mm.web.guard import allowed_hosts
from cmvl_mm.web.query_network import QueryNetwork


@pytest.fixture
def open_page():
    """(rows): a client of their page."""
    clients = []

    def make(found):
        settings = Settings(
            title='features.parquet',
            collection=Collection(found),
            embed_video=QueryNetwork(found.meta),
            hosts=allowed_hosts('127.0.0.1', []),
        )
        client = TestClient(create_app(settings), base_url='http://127.0.0.1:8765')
        clients.append(client.__enter__())
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)


def send(client, path, name):
    answer = client.post('/uploads', params=dict(name=name), content=path.read_bytes())
    return client.get('/nearest', params=dict(upload=answer.json()['id'], k=1, label='', others=1))


def test_an_upload_finds_itself(open_page, embedded, made_videos):
    answer = send(open_page(embedded), made_videos / 'a' / 'two.mkv', 'mine.mkv')
    assert answer.status_code == 200
    assert 'mine.mkv' in answer.text
    assert answer.text.count('a/two.mkv</p>') == 1


def test_what_the_network_cannot_take_is_said_under_the_name_of_the_upload(open_page, embedded, made_videos):
    strict = dataclasses.replace(embedded, meta=dataclasses.replace(embedded.meta, past_end='error'))
    answer = send(open_page(strict), made_videos / 'b' / 'short.mp4', 'mine.mp4')
    assert answer.status_code == 422
    assert answer.json()['message'].startswith('mine.mp4: length: the sample needs 31 frames, but the video has 20.')


def test_weights_that_are_gone_are_an_answer_and_faults_stay_faults(open_page, embedded, made_videos, tmp_path):
    gone = dataclasses.replace(embedded, meta=dataclasses.replace(embedded.meta, model=str(tmp_path / 'gone.pth')))
    page = open_page(gone)
    answer = send(page, made_videos / 'a' / 'one.mp4', 'mine.mp4')
    assert answer.status_code == 503
    assert 'gone.pth: the weights that made the file cannot be found' in answer.json()['message']
    strange = dataclasses.replace(embedded, meta=dataclasses.replace(embedded.meta, network=dict(type='os.getcwd')))
    assert send(open_page(strange), made_videos / 'a' / 'one.mp4', 'mine.mp4').status_code == 503

    def fault(path):
        raise ValueError('ours')

    page.app.routes[1].endpoint.__self__.similar._embed_video = fault
    with pytest.raises(ValueError, match='ours'):
        send(page, made_videos / 'a' / 'one.mp4', 'mine.mp4')
