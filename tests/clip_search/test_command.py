"""`cmvl index`, and the options of `cmvl search` that go with large folders."""

import json
import shutil

from click.testing import CliRunner

from cmvl_mm.cli.main import main
from cmvl_mm.clip_search.row_filter import RowFilter
from cmvl_mm.clip_search.search import search


def run(*words, code=0):
    result = CliRunner().invoke(main, [*map(str, words)])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.output


def test_an_index_is_built_used_and_refused(folder, tmp_path):
    copy = tmp_path / 'features'
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns('index'))
    assert 'Remedy: cmvl index ' in run('search', copy, 3, '--index', 'ivf', code=1)
    told = run('index', copy, '--recall', 0.9, '-k', 5, '--queries', 20).splitlines()
    assert told[0].startswith('600 rows x 24: lists 18, probes ')
    assert told[0].endswith(f'-> {copy}/index/ivf')
    assert told[2].startswith('recall@5 ')
    assert 'over 20 rows as queries; all at once: exact ' in told[2]
    record = json.loads(run('index', copy, '--json'))
    assert record == json.loads((copy / 'index' / 'ivf' / 'record.json').read_text())
    words = ['--path', 'cam1/*', '--label', 'run', '--from', 1.6, '--to', 100, '--index', 'ivf', '-k', 4, '--json']
    where = RowFilter('cam1/*', 'run', (1.6, 100.0))
    assert json.loads(run('search', copy, 3, *words)) == [m._asdict() for m in search(folder, 3, 4, where=where)]
    assert 'Remedy: widen it' in run('search', copy, 3, '--label', 'swim', code=1)
    assert 'Remedy: choose one of ivf, lance' in run('index', copy, '--kind', 'flat', code=1)
