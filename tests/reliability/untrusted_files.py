"""Checkpoints, features, lists and names from strangers: nothing in them runs, and each refusal says what to do."""

import os
import random
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from finding import Finding, Size

REPOSITORY = Path(__file__).resolve().parents[2]
CODE = ('cmvl_mm', 'tools', 'benchmarks', 'configs')
MUTATED = {'light': 200, 'heavy': 20_000}
BOMB = {'light': 0.25, 'heavy': 4.0}
"""GB that the bomb unpacks to."""
MEMORY = 64
"""MB by which a refusal may raise the process's largest resident size."""


def findings(size: Size) -> list[Finding]:
    with TemporaryDirectory(prefix='untrusted') as name:
        folder = Path(name)
        return [
            nothing_runs(folder / 'attacks'),
            lies_are_errors(folder / 'lies'),
            raw_memory(folder / 'memory'),
            mutations(folder / 'mutations', MUTATED[size]),
            bomb(folder / 'bomb', BOMB[size]),
            digests(folder / 'digests', size),
            names(folder / 'names', size),
            no_shell(),
        ]


class Verdict(NamedTuple):
    """What came of one attack."""

    title: str
    is_real: bool
    """The payload ran in a reader that trusts files."""
    ran: bool
    """It ran in ours."""
    message: str
    """Of our reader's error; empty if there was none."""


def attack_all(folder: Path) -> list[Verdict]:
    """Read each file with a trusting reader, then with ours."""
    from hostile_files import attacks

    folder.mkdir(parents=True)
    canary = folder / 'canary'
    verdicts = []
    for attack in attacks(folder, canary):
        with quiet():
            error_of(attack.trusting, attack.path)
            is_real = _sang(canary)
            error = error_of(attack.ours, attack.path)
        verdicts.append(Verdict(attack.title, is_real, _sang(canary), message_of(error)))
    return verdicts


def _sang(canary: Path) -> bool:
    found = canary.exists()
    canary.unlink(missing_ok=True)
    return found


def error_of(read: Callable[[Path], object], path: Path) -> Exception | None:
    """What reading a file raises; whatever else it prints or leaves is not wanted."""
    try:
        read(path)
    except Exception as error:
        return error
    return None


def message_of(error: Exception | None) -> str:
    """The text of an error of ours; that of any other names its type, so that it cannot be mistaken for one."""
    if error is None:
        return ''
    return str(error) if isinstance(error, ValueError) else f'{type(error).__name__}: {error}'


@contextmanager
def quiet() -> Iterator[None]:
    """Without torch's warnings, which the tests would turn into the errors that they are meant to see."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


def nothing_runs(folder: Path) -> Finding:
    verdicts = attack_all(folder)
    real, ran = sum(v.is_real for v in verdicts), sum(v.ran for v in verdicts)
    clear = sum('Remedy' in v.message for v in verdicts)
    return Finding(
        promise='Nothing in a checkpoint, features file, list or data config of a stranger ever runs.',
        tested=f'{len(verdicts)} files with a payload: pickles by every opcode that calls in archives, streams, a tar; '
        '.npz, .npy, YAML, JSON; each first read by a reader that trusts files',
        figure=f'{real} of {len(verdicts)} payloads ran in the trusting reader, {ran} in ours; '
        f'{clear} refusals name a remedy',
        held=real == clear == len(verdicts) and not ran,
        guard='tests/reliability/test_untrusted_files.py::test_light_version',
    )


def lies_are_errors(folder: Path) -> Finding:
    from damaged_files import lies

    from cmvl_mm.models.pretrained import CheckpointError, read_state_dict

    folder.mkdir(parents=True)
    files, slowest = lies(folder), 0.0
    clear = 0
    for path in files.values():
        begun = time.monotonic()
        with quiet():
            error = error_of(read_state_dict, path)
        slowest = max(slowest, time.monotonic() - begun)
        said = str(error)
        clear += isinstance(error, CheckpointError) and str(path) in said and 'weights_only=False' not in said
    return Finding(
        promise='A checkpoint that lies about sizes, offsets or types is one CheckpointError that names the file.',
        tested=f'{len(files)} files: safetensors headers, archives, streams, histories and arrays, cut off or lying',
        figure=f'{clear} of {len(files)} are such errors, and none recommends to run code; slowest {slowest:.2f} s',
        held=clear == len(files) and slowest < 5,
        guard='tests/reliability/test_untrusted_files.py::test_light_version',
    )


def raw_memory(folder: Path) -> Finding:
    """NumPy's own classes on the allow-list, as is usual, in a process of their own; and our stand-ins."""
    from damaged_files import lies

    from cmvl_mm.models.pretrained import CheckpointError, read_checkpoint

    folder.mkdir(parents=True)
    path = lies(folder)['an array over raw memory']
    usual = (
        'import numpy, torch; torch.serialization.add_safe_globals([numpy.ndarray, numpy.dtype])\n'
        f'print(torch.load({str(path)!r}, weights_only=True))'
    )
    died, error = in_process(usual), error_of(read_checkpoint, path)
    return Finding(
        promise='A checkpoint cannot make objects at addresses of its choice through the NumPy types in its log.',
        tested="numpy.ndarray(1, 'O', buffer=b'AAAAAAAA') in a file read with weights_only=True, NumPy's own classes "
        'allow-listed, and with our stand-ins',
        figure=f'exit code {died.returncode} with the usual list, {type(error).__name__} with ours',
        held=died.returncode < 0 and isinstance(error, CheckpointError),
        guard='tests/reliability/test_untrusted_files.py::test_light_version',
    )


def in_process(code: str) -> subprocess.CompletedProcess:
    """Run Python code in a process that may die."""
    environment = os.environ | {'PYTHONPATH': os.pathsep.join([str(REPOSITORY), str(Path(__file__).parent)])}
    words = [sys.executable, '-W', 'ignore', '-c', code]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=3600, check=False)


def mutate(folder: Path, count: int) -> tuple[int, int, float]:
    """Change a few bytes of good checkpoints at random; called in a process of its own.

    Returns:
        How many still load, how many are `CheckpointError`s, and the seconds of the slowest. Any other error is raised.
    """
    from damaged_files import good_pth, good_safetensors

    from cmvl_mm.models.pretrained import CheckpointError, read_state_dict

    folder.mkdir(parents=True)
    rng, loaded, refused, slowest = random.Random(0), 0, 0, 0.0
    originals = {'.pth': good_pth(), '.safetensors': good_safetensors()}
    for number in range(count):
        suffix = sorted(originals)[number % 2]
        content = bytearray(originals[suffix])
        # the structure lies at both ends: most changes in the middle would only change weights
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(min(1200, len(content)))
            content[place if rng.random() < 0.5 else -place - 1] = rng.randrange(256)
        path = folder / f'mutated{suffix}'
        path.write_bytes(content)
        begun = time.monotonic()
        with quiet():
            try:
                read_state_dict(path)
                loaded += 1
            except CheckpointError:
                refused += 1
        slowest = max(slowest, time.monotonic() - begun)
    return loaded, refused, slowest


def mutations(folder: Path, count: int) -> Finding:
    code = (
        f'from pathlib import Path; from untrusted_files import mutate; print(*mutate(Path({str(folder)!r}), {count}))'
    )
    outcome = in_process(code)
    loaded, refused, slowest = (float(word) for word in outcome.stdout.split() or ('nan',) * 3)
    return Finding(
        promise='A checkpoint with damaged bytes loads or is one CheckpointError: no crash, no hang, no other error.',
        tested=f'{count:,} files with 1 to 4 bytes changed, half .pth, half .safetensors',
        figure=f'{loaded:,.0f} loaded, {refused:,.0f} refused, slowest {slowest:.2f} s, exit code {outcome.returncode}'
        + (f': {outcome.stderr.strip().splitlines()[-1]}' if outcome.returncode and outcome.stderr else ''),
        held=outcome.returncode == 0 and loaded + refused == count and slowest < 5,
        guard='tests/reliability/test_untrusted_files.py::test_light_version',
    )


def grown_by(read: Callable[[Path], object], path: Path) -> tuple[float, float]:
    """Seconds, and MB by which the largest resident size of this process rose; called in a process of its own."""
    before, begun = _peak_kb(), time.monotonic()
    with quiet(), suppress(Exception):
        read(path)
    return time.monotonic() - begun, (_peak_kb() - before) / 1024


def _peak_kb() -> int:
    """Of this program; getrusage's peak also counts the process that started it, up to the exec."""
    line = next(line for line in Path('/proc/self/status').read_text().splitlines() if line.startswith('VmHWM:'))
    return int(line.split()[1])


def bomb(folder: Path, gigabytes: float) -> Finding:
    from damaged_files import write_bomb

    folder.mkdir(parents=True)
    path, control = folder / 'bomb.pth', folder / 'control.pth'
    write_bomb(path, gigabytes)
    write_bomb(control, BOMB['light'])  # a real one would do harm
    head = 'from pathlib import Path; from untrusted_files import grown_by; import torch\n'
    head += 'from cmvl_mm.models.pretrained import read_checkpoint\n'
    head += 'trusting = lambda path: torch.load(path, weights_only=True)\n'
    ours = in_process(f'{head}print(*grown_by(read_checkpoint, Path({str(path)!r})))')
    plain = in_process(f'{head}print(*grown_by(trusting, Path({str(control)!r})))')
    (seconds, megabytes), (_, filled) = (map(float, run.stdout.split()) for run in (ours, plain))
    return Finding(
        promise='An archive that unpacks to a thousand times its size is refused before it is unpacked.',
        tested=f'{path.stat().st_size / 2**20:.1f} MB that unpack to {gigabytes:g} GB; '
        f'as a control, torch.load of one of {BOMB["light"]:g} GB',
        figure=f'{megabytes:.0f} MB more memory and {seconds:.2f} s; the control took {filled:.0f} MB',
        held=megabytes < MEMORY and seconds < 5 and filled > 0.9 * BOMB['light'] * 1024,
        guard='tests/reliability/test_untrusted_files.py::test_light_version',
    )


def digests(folder: Path, size: Size) -> Finding:
    """One byte of a published file is another one: all of them, or a few hundred."""
    from damaged_files import good_safetensors

    from cmvl_mm.models.digest import DigestError, require_sha256, sha256_of

    folder.mkdir(parents=True)
    path, original = folder / 'zoo.safetensors', good_safetensors()
    path.write_bytes(original)
    published = sha256_of(path)
    require_sha256(path, published)
    places = range(0, len(original), 1 if size == 'heavy' else 10)
    refused = 0
    for place in places:
        content = bytearray(original)
        content[place] ^= 1 << place % 8
        path.write_bytes(content)
        refused += isinstance(error_of(lambda path: require_sha256(path, published), path), DigestError)
    path.write_bytes(original)
    short = [error_of(lambda path, n=n: require_sha256(path, published[:n]), path) for n in (0, 8, 40, 63)]
    return Finding(
        promise='A published file of which one bit differs is refused by its full SHA-256; shortened ones are refused.',
        tested=f'{len(places):,} copies with one bit changed, and {len(short)} shortened digests of the right file',
        figure=f'{refused:,} copies and {sum(isinstance(error, DigestError) for error in short)} short digests refused',
        held=refused == len(places) and all(isinstance(error, DigestError) for error in short),
        guard='tests/models/test_digest.py',
    )


def names(folder: Path, size: Size) -> Finding:
    from list_names import check_all

    wrong, counts = check_all(folder, reencode=size == 'heavy')
    return Finding(
        promise='Names in lists that leave the root or that a shell would act upon are refused; all others are names.',
        tested=f'{counts["refused"]} names to refuse, {counts["links"]} links out of the root, {counts["literal"]} odd '
        'names of real files, each through CompressedVideoDataset, its two-file mode and prepare_videos.py',
        figure=f'{counts["checks"] - len(wrong)} of {counts["checks"]} verdicts as they should be'
        + (f'; wrong: {"; ".join(wrong[:5])}' if wrong else ''),
        held=not wrong,
        guard='tests/reliability/test_untrusted_files.py::test_light_version',
    )


def no_shell() -> Finding:
    from code_scan import dangerous_calls

    files = [path for part in CODE for path in sorted((REPOSITORY / part).rglob('*.py'))]
    calls = [(path.relative_to(REPOSITORY), *call) for path in files for call in dangerous_calls(path.read_text())]
    found = [f'{path}:{line}: {what}' for path, line, what in calls]
    return Finding(
        promise='The code starts no shell and evaluates, unpickles or loads as YAML nothing that a file says.',
        tested=f'the syntax trees of {len(files)} files',
        figure=f'{len(found)} such calls' + (f': {"; ".join(found)}' if found else ''),
        held=not found,
        guard='tests/reliability/test_untrusted_files.py::test_the_scan_sees_each_kind',
    )
