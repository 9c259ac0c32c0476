"""The command's frame: help without imports, errors in one line, a missing extra by name."""

import errno
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from cmvl_mm.cli import main as frame
from cmvl_mm.cli.errors import shown_in_one_line
from cmvl_mm.video import VideoError


def test_help_lists_every_command_and_loads_nothing_heavy():
    code = (
        'import sys; from cmvl_mm.cli.main import main; main(["--help"], standalone_mode=False); '
        'print("LOADED", sorted({"torch", "numpy", "av", "mmengine"} & set(sys.modules)))'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith('LOADED []\n')
    assert all(f'  {name} ' in done.stdout for name in frame.COMMANDS)


def test_a_misspelt_command_is_a_usage_error():
    result = CliRunner().invoke(frame.main, ['webb'])
    assert result.exit_code == 2
    assert "No such command 'webb'" in result.output


def test_an_empty_argument_is_named_and_not_taken_for_the_working_directory():
    result = CliRunner().invoke(frame.main, ['search', 'features', ''])
    assert result.exit_code == 2
    assert 'argument 2 is empty. Remedy: ' in result.output


def test_our_own_errors_are_one_line():
    with pytest.raises(click.ClickException, match=r'^a\.mp4: open: it is empty'), shown_in_one_line():
        raise VideoError('a.mp4', 'open', 'it is empty', 'Fetch it again')


@pytest.mark.parametrize(
    ('error', 'line'),
    [
        (
            PermissionError(errno.EACCES, 'Permission denied', 'out.npz'),
            r'^out\.npz: Permission denied. Remedy: get permission',
        ),
        (OSError(errno.ENOSPC, 'No space left on device', 'out.npz'), r'^out\.npz: No space .*\. Remedy: free space'),
        (OSError(errno.EIO, 'Input/output error', b'out.npz'), r'^out\.npz: Input/output error$'),
        (FileNotFoundError('nothing: train first'), r'^nothing: train first$'),
    ],
)
def test_an_error_of_a_file_names_path_reason_and_what_helps(error, line):
    with pytest.raises(click.ClickException, match=line), shown_in_one_line():
        raise error


def test_what_says_its_remedy_is_one_line_whatever_its_class():
    with pytest.raises(click.ClickException, match=r'^a\.yaml: no Python\. Remedy: '), shown_in_one_line():
        raise ValueError('a.yaml: no Python. Remedy: write it as one')


def test_a_missing_package_is_named_with_its_extra():
    with (
        pytest.raises(click.ClickException, match=r"starlette is not installed.*pip install 'cmvl_mm\[web\]'"),
        shown_in_one_line(),
    ):
        raise ModuleNotFoundError('No module named starlette', name='starlette')


@pytest.mark.parametrize('error', [ValueError('of a library'), ModuleNotFoundError('ours', name='cmvl_mm.nothing')])
def test_a_fault_of_the_program_keeps_its_traceback(error):
    with pytest.raises(type(error)), shown_in_one_line():
        raise error
