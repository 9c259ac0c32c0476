"""The command: its address, its refusals, and its help."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from click.testing import CliRunner

from cmvl_mm.cli.web import web
from cmvl_mm.embedding.embeddings import write_embeddings
from cmvl_mm.web.errors import WebError
from cmvl_mm.web.guard import allowed_hosts
from cmvl_mm.web.serve import serve


@pytest.fixture
def features(collection, tmp_path):
    path = tmp_path / 'features.parquet'
    write_embeddings(path, collection.found)
    return path


def test_the_command_prints_the_address_of_a_page_and_ends_with_ctrl_c(features):
    command = [sys.executable, '-m', 'cmvl_mm', 'web', str(features), '--port', '0', '--allow-host', 'page.example']
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        address = re.fullmatch(r'(http://127\.0\.0\.1:\d+/)  \(Ctrl-C ends\)\n', line)[1]
        request = urllib.request.Request(address, headers=dict(host='page.example'))
        assert '8 clips of 4 videos' in urllib.request.urlopen(request).read().decode()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert 'Traceback' not in errors


def test_what_cannot_be_served_says_why(features, collection, tmp_path):
    with pytest.raises(WebError, match='this work directory does not exist'):
        serve(features, work_dir=tmp_path / 'none')
    with (
        socket.create_server(('127.0.0.1', 0)) as taken,
        pytest.raises(WebError, match='Remedy: choose another --port'),
    ):
        serve(features, port=taken.getsockname()[1])


def test_help_says_that_there_is_no_login():
    assert 'THERE IS NO LOGIN' in CliRunner().invoke(web, ['--help']).output


def test_a_page_for_all_addresses_is_asked_for_by_this_machines_name():
    assert socket.gethostname().lower() in allowed_hosts('0.0.0.0', [])
    assert 'other.example' not in allowed_hosts('0.0.0.0', [])
