"""The benchmark of large folders at a tiny size, its steps in this process."""

import importlib

import pytest


@pytest.mark.parametrize('cluster', [100, 0])
def test_steps_write_search_and_index(repository, monkeypatch, tmp_path, capsys, cluster):
    monkeypatch.syspath_prepend(str(repository / 'benchmarks'))
    module = importlib.import_module('search_scale')

    def here(name, args, folder):
        args.folder = folder
        return module.step(name, args)

    monkeypatch.setattr(module, 'in_process', here)
    options = f'--rows 3000 --dim 16 --queries 20 --k 5 --kinds ivf --cluster {cluster} --folder {tmp_path}'
    module.main(options.split())
    told = capsys.readouterr().out
    exact, ivf = (line.split('|') for line in told.splitlines() if line.startswith(('| exact', '| ivf')))
    assert exact[4].strip() == '1.0000'
    assert float(ivf[4]) >= 0.99
    assert told.startswith('**5 nearest of 3,000 x 16, 20 queries')
