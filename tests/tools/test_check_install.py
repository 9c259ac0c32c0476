"""The light install: its modules import where nothing but its four packages is installed."""

import subprocess
import sys

BLOCKED = """
import runpy, sys
from importlib.abc import MetaPathFinder

class Blocker(MetaPathFinder):
    allowed = {'numpy', 'av', 'click', 'tqdm', 'cmvl_mm', *sys.stdlib_module_names}

    def find_spec(self, name, path, target=None):
        if path is None and name not in self.allowed and not name.startswith('_'):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Blocker())
tool = runpy.run_path('tools/check_install.py')
tool['import_all'](tool['module_names'](tool['LIGHT']))
"""


def test_light_modules_need_nothing_that_an_extra_brings(repository):
    command = [sys.executable, '-W', 'error', '-c', BLOCKED]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 80
