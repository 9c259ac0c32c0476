"""The page in a real browser: clips play, a click and an upload find neighbours, frames step, curves are drawn."""

import shutil
import socket
import threading
import time

import pytest

uvicorn = pytest.importorskip('uvicorn', reason="needs pip install 'cmvl_mm[web]'")
playwright = pytest.importorskip('playwright.sync_api', reason='needs pip install playwright')

from cmvl_mm.web.app import create_app  # noqa: E402

CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
PLAYING = '[...document.querySelectorAll("#search .grid video")].filter((v) => v.currentTime > 0 && v.readyState >= 3)'

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason='needs Chromium, such as `apt-get install chromium`'),
    pytest.mark.slow,
]


@pytest.fixture
def address(settings):
    listener = socket.create_server(('127.0.0.1', 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level='warning'))
    thread = threading.Thread(target=server.run, kwargs=dict(sockets=[listener]))
    thread.start()
    yield f'http://127.0.0.1:{listener.getsockname()[1]}/'
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def page(address):
    """A page that has said nothing wrong, and has asked nobody else, when the test ends."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        page = browser.new_page(viewport=dict(width=1280, height=900))
        page.expected_refusals = 0
        complaints, asked = [], []
        page.on('console', lambda message: message.type in ('error', 'warning') and complaints.append(message.text))
        page.on('pageerror', lambda error: complaints.append(str(error)))
        page.on('request', lambda request: asked.append(request.url))
        page.goto(address)
        yield page
        browser.close()
    assert len(complaints) == page.expected_refusals, complaints
    assert [url for url in asked if not url.startswith((address, 'data:'))] == []


def wait_until(page, script: str, seconds: float = 20) -> None:
    """Until the script is true. Playwright's own wait evaluates strings in the page, which the page forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(script):
        assert time.monotonic() < end, f'never: {script}'
        page.wait_for_timeout(50)


def test_search_by_click_and_by_upload(page, settings):
    wait_until(page, f'{PLAYING}.length === 8')
    first = page.evaluate(f'{PLAYING}[0].currentTime')
    wait_until(page, f'{PLAYING}[0].currentTime !== {first}')

    page.locator('a[href="#search?row=4"]').click()
    page.get_by_text('Nearest 6 clips').wait_for()  # the others are of the query's own video
    assert page.locator('#search .grid .label').first.inner_text() == 'b'
    wait_until(page, f'{PLAYING}.length === 6')
    assert page.locator('#search .grid .loading').count() == 0

    page.get_by_label('Label').select_option('a (4)')
    page.get_by_text('Nearest 4 clips').wait_for()
    page.get_by_label('Label').select_option('all')

    chooser = page.locator('#search input[type=file]')
    chooser.set_input_files(dict(name='broken.mp4', mimeType='video/mp4', buffer=b'no video at all'))
    plain = 'broken.mp4: open: Invalid data found when processing input. Check that the file is a video that plays.'
    page.get_by_role('alert').get_by_text(plain, exact=True).wait_for()
    page.expected_refusals = 1  # Chromium logs each answer of 4xx

    chooser.set_input_files(
        dict(name='mine.mp4', mimeType='video/mp4', buffer=settings.collection.file(4).read_bytes())
    )
    page.get_by_text('Nearest 8 clips').wait_for()
    assert page.locator('#search .grid .score').first.inner_text() == '1.000'
    wait_until(page, f'{PLAYING}.length === 8')


def test_vectors_step_and_curves_follow_the_log_by_keyboard(page, settings):
    page.locator('#tab-search').focus()
    page.keyboard.press('ArrowRight')
    page.locator('#find-video').fill('GREEN')
    page.get_by_role('link', name='b/green.mp4').click()
    wait_until(page, 'document.querySelector(".player video")?.readyState >= 3')
    page.get_by_role('button', name='Pause').press('Enter')
    slider = page.get_by_role('slider', name='Frame')
    slider.fill('11')
    slider.press('ArrowRight')
    page.get_by_text('Frame 12 · 0.48 s · no vectors: an I-frame has no vectors').wait_for()
    wait_until(page, 'Math.floor(document.querySelector(".player video").currentTime * 25) === 12')
    page.get_by_role('button', name='One frame back').press('Enter')
    page.get_by_text('Frame 11 · 0.44 s · has vectors').wait_for()

    page.locator('#tab-vectors').press('ArrowRight')
    page.get_by_text('Losses over iterations').wait_for()
    assert page.locator('#training svg path.line').count() == 4
    log = next(settings.work_dir.rglob('scalars.json'))
    log.write_text(log.read_text() + '\n{"loss": 0.125, "step": 801}')
    page.locator('#training .lines').get_by_text('0.125').wait_for()

    page.set_viewport_size(dict(width=390, height=844))
    for tab in ('search', 'vectors', 'training'):
        page.locator(f'#tab-{tab}').click()
        assert page.evaluate('document.documentElement.scrollWidth') == 390  # nothing sticks out of a phone
