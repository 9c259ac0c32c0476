"""The examples of the documentation's pages run and print what the pages say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {
    'mmaction2.md': 'tests/tools/test_mmaction2_tools.py',
    'training_elsewhere.md': 'tests/examples/test_examples.py',
}
"""Pages whose examples have a test of their own."""
PAGES = sorted(
    path.name
    for path in ROOT.glob('docs/*.md')
    if path.name not in ELSEWHERE and re.search(r'^```(python|bash)$', path.read_text(), re.MULTILINE)
)


def run_pages(pages: dict[Path, Path]) -> 'subprocess.CompletedProcess[str]':
    """Page -> its folder."""
    words = [str(path) for pair in pages.items() for path in pair]
    return subprocess.run(
        [sys.executable, str(ROOT / 'tests/docs/run_page.py'), *words], capture_output=True, text=True, cwd=ROOT
    )


@pytest.fixture(scope='module')
def videos(tmp_path_factory) -> Path:
    """What pages may name: `video.mp4`, `my_videos` in folders by class, and the checkout's `tools` and `configs`."""
    from cmvl_mm.controlled.basic import CONTEXTS, MOTIONS, make_controlled_video
    from cmvl_mm.video.encode import write_video

    root = tmp_path_factory.mktemp('pages')
    for label, motion in enumerate(MOTIONS[:2]):
        (root / 'my_videos' / motion).mkdir(parents=True)
        for number in range(6):
            frames, _ = make_controlled_video((label, number), CONTEXTS[number], motion)
            write_video(frames, root / 'my_videos' / motion / f'clip{number}.mp4', quantiser=4)
    for name in ('tools', 'configs'):
        (root / name).symlink_to(ROOT / name)
    (root / 'video.mp4').write_bytes((root / 'my_videos' / MOTIONS[0] / 'clip0.mp4').read_bytes())
    return root


def test_the_examples_of_all_pages_run(videos, tmp_path):
    folders = {ROOT / 'docs' / page: tmp_path / page for page in PAGES} | {ROOT / 'README.md': tmp_path / 'README.md'}
    for folder in folders.values():
        folder.mkdir()
        for path in videos.iterdir():
            (folder / path.name).symlink_to(path)
    done = run_pages(folders)
    faults = ''.join(path.read_text() for path in sorted(tmp_path.glob('*/fault.txt')))
    assert (faults, done.returncode) == ('', 0), done.stderr


GOOD = 'x = 40\nprint(x + 2)'


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        (f'```python\n{GOOD}\n```\n\n```text\n42\n```\n', ''),
        (f'```python\n{GOOD}\n```\n\n```text\n43\n```\n', 'line 2: the page shows'),
        (f'```python\n{GOOD}\n```\n\nThen:\n\n```python\nprint(y)\n```\n', 'page.md", line 9'),
        ('```bash\ncmvl zoo show nothing\n```\n', 'page.md, line 2: cmvl zoo show nothing: exit code'),
        ('```bash\necho a | grep b\n```\n', 'page.md, line 2: exit code 1'),
        ('<!-- not run: needs the net -->\n```bash\nfalse\n```\n', ''),
        ('<!-- not run: needs the net -->\n\n```bash\nfalse\n```\n\n```bash\nfalse\n```\n', 'line 8: exit code 1'),
        ('<!-- not run: -->\n```bash\nfalse\n```\n', 'no reason'),
    ],
)
def test_a_page_that_is_wrong_fails(text, said, tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(text)
    done = run_pages({page: tmp_path})
    fault = tmp_path / 'fault.txt'
    assert (done.returncode == 0, fault.exists()) == ((True, False) if said == '' else (False, True)), done.stderr
    assert said in (fault.read_text() if fault.exists() else '')


@pytest.mark.parametrize(('page', 'test'), ELSEWHERE.items())
def test_pages_without_a_run_here_have_their_own_test(page, test):
    assert (ROOT / 'docs' / page).is_file()
    assert page in (ROOT / test).read_text()
