"""The routes of the page: what they answer, and what they refuse."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from starlette.testclient import TestClient

from cmvl_mm.web.app import create_app
from cmvl_mm.web.drawn import PART


@pytest.fixture
def client(settings):
    with TestClient(create_app(settings), base_url='http://127.0.0.1:8765') as client:
        yield client


def upload(client, name, data):
    return client.post('/uploads', params=dict(name=name), content=data)


def pixels_of(data: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(data)) as container:
        return [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]


def test_a_clip_is_its_own_seconds_as_h264_and_is_served_by_ranges(client):
    answer = client.get('/excerpt?row=1&kind=mp4')
    assert answer.headers['content-type'] == 'video/mp4'
    shown = pixels_of(answer.content)
    assert len(shown) == 12
    assert shown[0][48, 16 + 2 * 12 + 16].mean() > 100  # the square of frame 12 ...
    assert shown[0][48, 20].mean() < 60  # ... has left where it was in frame 0
    part = client.get('/excerpt?row=1&kind=mp4', headers=dict(range='bytes=10-19'))
    assert part.status_code == 206
    assert part.content == answer.content[10:20]
    assert client.get('/excerpt?row=1&kind=webm').headers['content-type'] == 'video/webm'


def test_neighbours_of_a_row_are_of_other_videos_and_of_the_label_asked_for(client):
    near = client.get('/nearest?row=4&k=2&label=&others=1').text
    assert 'Nearest 2 clips' in near
    assert near.count('b/blue.mp4</p>') == 2
    assert '2 of 2 have the query' in near
    own = client.get('/nearest?row=4&k=1&label=&others=0').text
    assert own.count('b/green.mp4</p>') == 2  # the query, and its other clip
    assert client.get('/nearest?row=4&k=9&label=0&others=1').text.count('<span class="label">a</span>') == 4


def test_names_are_escaped(client):
    everything = client.get('/clips?seed=1&page=0&label=').text
    assert 'a/&lt;b&gt;&amp;&#34;x.mp4' in everything
    assert '<b>&"' not in everything


def test_random_browsing_shows_each_row_once(client, collection):
    text = client.get('/clips?seed=5&page=0&label=').text
    assert all(f'data-src="/excerpt?row={row}"' in text for row in range(len(collection)))
    pages = [collection.browse(7, number, 3, None) for number in range(3)]
    assert sorted(row for page in pages for row in page.rows) == list(range(8))
    assert pages[0].pages == 3


def test_an_upload_is_a_query_and_goes_with_the_session(settings):
    with TestClient(create_app(settings), base_url='http://127.0.0.1:8765') as client:
        data = settings.collection.file(4).read_bytes()
        sent = upload(client, '<i>mine.mp4', data).json()
        near = client.get(f'/nearest?upload={sent["id"]}&k=1&label=&others=1').text
        assert '&lt;i&gt;mine.mp4' in near
        assert 'href="#search?row=5"' in near
        assert '1.000' in near
        assert len(pixels_of(client.get(f'/excerpt?upload={sent["id"]}&kind=mp4').content)) == 24
        folder = client.app.routes[1].endpoint.__self__.uploads.folder
        assert [path.read_bytes() for path in folder.iterdir()] == [data]
    assert not folder.exists()


def test_a_broken_upload_is_refused_in_the_readers_words_and_not_kept(client, settings):
    answer = upload(client, 'broken.mp4', b'no video at all')
    assert answer.status_code == 422
    assert answer.json()['message'].startswith('broken.mp4: open: ')
    large = upload(client, 'large.mp4', b'0' * (settings.max_upload + 1))
    assert large.status_code == 413
    assert 'larger than 1 MB' in large.json()['message']
    pieces = client.post('/uploads?name=large.mp4', content=iter([b'0' * 600_000] * 2))  # states no length
    assert pieces.status_code == 413
    folder = client.app.routes[1].endpoint.__self__.uploads.folder
    assert not list(folder.iterdir())


def test_the_drawn_video_has_a_frame_for_each_and_says_which_have_no_vectors(client):
    page = client.get('/vectors?row=0&part=0').text
    assert 'mpeg4 · 128×96 px · 25 frames/s · 24 frames' in page
    assert '<td>2</td><td>an I-frame has no vectors</td>' in page  # 0 and 12
    shown = pixels_of(client.get('/drawn?row=0&part=0&kind=mp4').content)
    assert len(shown) == 24 <= PART
    assert shown[0].shape == (480, 640, 3)  # small pictures are drawn larger
    red = shown[5].astype(int)
    assert ((red[..., 0] - red[..., 1:].max(-1)) > 80).any()  # arrows to the right
    refused = client.get('/vectors?row=0&part=1')
    assert refused.status_code == 404


def test_curves_are_thinned_to_means_and_sent_only_when_they_changed(client, settings):
    answer = client.get('/training')
    panels = {panel['title']: panel for panel in answer.json()['panels']}
    assert list(panels) == ['Losses', 'Accuracies', 'Learning rate', 'Validation']
    loss = panels['Losses']
    assert loss['mean_of'] == 2
    assert loss['lines'][0]['points'][0] == pytest.approx([1.5, 8.985])
    assert loss['lines'][0]['last'] == pytest.approx(1)
    assert panels['Accuracies']['lines'][0]['last'] == 50  # percent
    known = {'if-none-match': answer.headers['etag']}
    assert client.get('/training', headers=known).status_code == 304
    log = next(Path(settings.work_dir).rglob('scalars.json'))
    log.write_text(log.read_text() + '\n{"loss": NaN, "step": 801}')
    later = client.get('/training', headers=known).json()['panels'][0]['lines'][0]
    assert later['last'] is None  # a gap, since JSON has no NaN


@pytest.mark.parametrize(
    ('host', 'status'),
    [('127.0.0.1:8765', 200), ('localhost', 200), ('page.example:1', 200), ('[::1]:8765', 200), ('evil.example', 403)],
)
def test_only_names_of_this_page_are_answered(client, host, status):
    assert client.get('/', headers=dict(host=host)).status_code == status


def test_no_other_page_can_send_or_embed(client):
    answer = client.post('/uploads?name=a', content=b'', headers=dict(origin='http://evil.example'))
    assert answer.status_code == 403
    page = client.get('/')
    assert "default-src 'none'" in page.headers['content-security-policy']
    assert page.headers['cross-origin-resource-policy'] == 'same-origin'


@pytest.mark.parametrize(
    ('url', 'status', 'message'),
    [
        ('/excerpt?row=8&kind=mp4', 404, 'row 8: the features file has rows 0 to 7'),
        ('/excerpt?row=../../etc/passwd&kind=mp4', 400, 'must be a whole number'),
        ('/excerpt?row=0&kind=exe', 400, 'must be one of mp4, webm'),
        ('/excerpt?upload=../clips/1&kind=mp4', 404, 'upload the video again'),
        ('/nearest?row=0&k=101&label=&others=1', 400, 'from 1 to 100'),
        ('/nearest?row=0&k=1&label=2&others=1', 404, 'label 2: the features file has 2 labels'),
        ('/clips?page=0', 400, 'seed is missing or has more than 500 characters'),
    ],
)
def test_what_a_request_may_not_ask(client, url, status, message):
    answer = client.get(url)
    assert answer.status_code == status
    assert message in answer.json()['message']
