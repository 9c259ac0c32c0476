"""Run the examples of pages, each page's in order in a process of its own: `python run_page.py PAGE FOLDER ...`.

A block of `python` shares its names with the blocks before it. A block of `bash` whose lines all call `cmvl` is run in
this process, any other by bash. A block of `text` right after one that was run is its output; `...` stands for
anything. `<!-- not run: REASON -->` above a block excuses it. FOLDER is the page's working directory, and gets
`fault.txt` with the line and what went wrong, if an example does not do what the page says. Exit code 1 then.
"""

import contextlib
import doctest
import io
import os
import shlex
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from markdown_it import MarkdownIt

RUN = ('python', 'bash')
EXCUSE = '<!-- not run:'
_SHELL = set('|&;<>$`*?(){}')


class ExampleError(Exception):
    """An example that does not do what its page says."""


@dataclass
class Example:
    """One block that is run."""

    language: str
    code: str
    line: int
    """Of the page, at which the code begins; from 1."""
    output: str | None = None
    """What the page shows as its output."""


def examples(text: str) -> Iterator[Example]:
    """Of a page in Markdown, those that are to be run.

    Raises:
        ExampleError: an excuse without a reason.
    """
    excused, last = False, None
    for token in MarkdownIt('commonmark').parse(text):
        if token.type == 'html_block' and token.content.startswith(EXCUSE):
            excused = True
            if not token.content.removeprefix(EXCUSE).strip().removesuffix('-->').strip():
                raise ExampleError(f'line {(token.map or [0])[0] + 1}: not run, and no reason is given')
        elif token.type == 'fence':
            language = token.info.strip()
            if language in RUN and not excused:
                if last is not None:
                    yield last
                last = Example(language, token.content, (token.map or [0])[0] + 2)
                continue
            if language == 'text' and last is not None and not excused:
                last.output = token.content
            excused = False
        elif not token.type.endswith('_close'):
            excused = False
        if last is not None and token.type != 'html_block':
            yield last
            last = None
    if last is not None:
        yield last


def run(example: Example, page: str, names: dict[str, Any]) -> str:
    """Run it and give what it printed.

    Raises:
        ExampleError: with the lines of the page in the traceback.
    """
    where = f'{page}, line {example.line}'
    if example.language == 'python':
        return _run_python(example, page, where, names)
    lines = example.code.replace('\\\n', ' ').splitlines()
    commands = [line for line in lines if line.strip() and not line.lstrip().startswith('#')]
    if all(line.startswith('cmvl ') and not _SHELL & set(line) for line in commands):
        return ''.join(_run_cmvl(line, where) for line in commands)
    path = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    command = ['bash', '-euo', 'pipefail', '-c', example.code]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | dict(PATH=path))
    if done.returncode:
        raise ExampleError(f'{where}: exit code {done.returncode}\n{done.stdout}{done.stderr}')
    return done.stdout


def _run_python(example: Example, page: str, where: str, names: dict[str, Any]) -> str:
    printed = io.StringIO()
    code = '\n' * (example.line - 1) + example.code
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, page, 'exec'), names)
    except Exception as error:
        raise ExampleError(f'{where}: {printed.getvalue()}\n{traceback.format_exc()}') from error
    return printed.getvalue()


def _run_cmvl(line: str, where: str) -> str:
    from cmvl_mm.cli.main import main

    words = shlex.split(line, comments=True)[1:]
    done = CliRunner().invoke(main, words, prog_name='cmvl')
    if done.exit_code:
        trace = ''.join(traceback.format_exception(done.exception)) if done.exception else ''
        raise ExampleError(f'{where}: {line}: exit code {done.exit_code}\n{done.output}\n{trace}')
    return done.stdout


def check(example: Example, printed: str, page: str) -> None:
    """That it printed what the page shows.

    Raises:
        ExampleError: it did not.
    """
    if example.output is None:
        return
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if not doctest.OutputChecker().check_output(example.output, printed, flags):
        raise ExampleError(f'{page}, line {example.line}: the page shows\n{example.output}\nand it prints\n{printed}')


def run_page(page: Path, folder: Path) -> int:
    """Exit code of a page's examples."""
    os.chdir(folder)
    names: dict[str, Any] = {'__name__': '__main__'}
    try:
        for example in examples(page.read_text()):
            check(example, run(example, page.name, names), page.name)
    except ExampleError as error:
        Path('fault.txt').write_text(f'{error}\n')
        return 1
    return 0


def main() -> int:
    """Each page in a copy of this process, which has loaded what most of them need."""
    pages = [Path(word).resolve() for word in sys.argv[1:]]
    if len(pages) > 2:
        import cmvl_mm.register  # noqa: F401
    codes = []
    for page, folder in zip(pages[::2], pages[1::2], strict=True):
        child = os.fork()
        if not child:
            os._exit(_flushed(run_page(page, folder)))
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    return int(any(codes))


def _flushed(code: int) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == '__main__':
    sys.exit(main())
