"""`cmvl prepare`: choices are the tables', the report as JSON, what it loads. The work itself: tests/tools/."""

import json
import subprocess
import sys

from click.testing import CliRunner

from cmvl_mm.cli import prepare as command
from cmvl_mm.cli.main import main
from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.prepare.official import DATASETS
from cmvl_mm.video.describe import describe
from cmvl_mm.video.encode import PROFILES, write_video


def test_choices_are_all_that_there_are():
    assert set(command.PROFILES) == set(PROFILES)
    assert set(command.DATASETS) == set(DATASETS)


def test_the_report_as_json_and_nothing_heavy(tmp_path):
    src, dst = tmp_path / 'src', tmp_path / 'dst'
    for name in ('walk', 'run'):
        (src / name).mkdir(parents=True)
        write_video(make_pan(displacement=(1, 0), num_frames=4, height=32, width=48).frames, src / name / 'a.avi')
    (src / 'run' / 'b.avi').write_bytes(b'no video' * 100)
    words = ['prepare', str(src), str(dst), '--workers', '1', '--profile', 'small', '--json']
    code = (
        f'import sys; from cmvl_mm.cli.main import main; main({words!r}, standalone_mode=False); '
        'print("LOADED", sorted({"torch", "mmengine", "cv2", "matplotlib"} & set(sys.modules)), file=sys.stderr)'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stderr.endswith('LOADED []\n')
    assert 'run/b.avi: open' in done.stderr
    report = json.loads(done.stdout)
    assert report == json.loads((dst / 'report.json').read_text())
    assert (report['ready'], [one['path'] for one in report['failed']]) == (2, ['run/b.avi'])
    assert (dst / 'all.txt').read_text() == 'run/a.mp4 0\nwalk/a.mp4 1\n'


def test_what_makes_no_sense_is_a_usage_error_and_what_cannot_be_read_one_line(tmp_path):
    result = CliRunner().invoke(main, ['prepare', str(tmp_path), str(tmp_path / 'below')])
    assert (result.exit_code, 'results would be prepared again' in result.output) == (2, True)
    (tmp_path / 'no.txt').write_bytes(b'\x00\xff\x00')
    result = CliRunner().invoke(main, ['prepare', str(tmp_path / 'no.txt'), str(tmp_path.parent / 'elsewhere')])
    assert (result.exit_code, 'Error: ' in result.output, 'no.txt' in result.output) == (1, True, True), result.output


def test_a_single_video_becomes_the_file_that_is_named_and_replaces_nothing(tmp_path):
    source, target = tmp_path / 'my phone.mov', tmp_path / 'new' / 'phone.mp4'
    write_video(make_pan(displacement=(1, 0), num_frames=4, height=32, width=48).frames, source)

    def run(*words):
        return CliRunner().invoke(main, ['prepare', str(source), *map(str, words)])

    assert run(target).output == f'{target}: 4 frames, profile paper\n'
    assert describe(target).prepared == 'paper'
    before = target.read_bytes()
    again = run(target, '--profile', 'small')
    assert (again.exit_code, 'already exists' in again.output) == (1, True)
    assert target.read_bytes() == before
    for words, reason in (
        ([tmp_path / 'out'], f'Remedy: name the result {tmp_path}/out/my phone.mp4'),
        ([tmp_path / 'b.mp4', '--shard', '1/2'], 'only --profile and --json apply'),
    ):
        wrong = run(*words)
        assert (wrong.exit_code, reason in ' '.join(wrong.output.split())) == (2, True), wrong.output
    as_json = json.loads(run(tmp_path / 'c.mp4', '--profile', 'small', '--json').stdout)
    assert as_json == dict(path=f'{tmp_path}/c.mp4', frames=4, profile='small')
