"""Untrusted checkpoints, features, lists and names: data are read, everything else is refused with a remedy."""

import random
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from code_scan import dangerous_calls
from finding import Finding, Size
from list_names import check_all
from refused_files import contradictions, good_pth, good_safetensors, objects
from short_run import REPOSITORY, start

from cmvl_mm.checkpoints.pretrained import CheckpointError, read_state_dict
from cmvl_mm.files.digest import DigestError, require_sha256, sha256_of

CODE = ('cmvl_mm', 'tools', 'benchmarks', 'configs')
MUTATED = {'light': 200, 'heavy': 20_000}


def findings(size: Size) -> list[Finding]:
    with TemporaryDirectory(prefix='untrusted') as name:
        folder = Path(name)
        for part in ('objects', 'contradictions', 'mutations', 'digests'):
            (folder / part).mkdir()
        return [
            objects_are_refused(folder / 'objects'),
            contradictions_are_errors(folder / 'contradictions'),
            mutations(folder / 'mutations', MUTATED[size]),
            names(folder / 'names', size),
            no_shell(),
            *([digests(folder / 'digests')] if size == 'heavy' else []),  # tests/files/test_digest.py is the light one
        ]


def error_of(read: Callable[[Path], object], path: Path) -> Exception | None:
    """What reading a file raises; torch's warnings do not count."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            read(path)
        except Exception as error:
            return error
    return None


def objects_are_refused(folder: Path) -> Finding:
    flag = folder / 'flag'
    cases = objects(folder, flag)
    errors = [error_of(case.read, case.path) for case in cases]
    # an error of another kind, or without a remedy, does not count as a refusal
    wrong = [
        case.title
        for case, error in zip(cases, errors, strict=True)
        if not (isinstance(error, ValueError) and 'Remedy' in str(error) and case.path.name in str(error))
    ]
    return Finding(
        promise='Checkpoints, features, lists and annotations are read as data; a file that holds any other object is '
        'refused, and the object is not restored.',
        tested=f'{len(cases)} files with an object that leaves a file when it is restored: .pth in four places, old '
        'streams, bare pickles under seven names, .npz, .npy, YAML with a tag; configs in JSON and YAML',
        figure=f'{len(cases) - len(wrong)} of {len(cases)} refused with name and remedy, '
        f'{int(flag.exists())} objects restored' + (f'; wrong: {"; ".join(wrong)}' if wrong else ''),
        held=not wrong and not flag.exists(),
    )


def contradictions_are_errors(folder: Path) -> Finding:
    files, wrong, slowest = contradictions(folder), [], 0.0
    for title, path in files.items():
        begun = time.monotonic()
        error = error_of(read_state_dict, path)
        slowest = max(slowest, time.monotonic() - begun)
        if not isinstance(error, CheckpointError) or str(path) not in str(error) or 'weights_only' in str(error):
            wrong.append(title)
    return Finding(
        promise='A checkpoint that is compressed, or whose sizes, offsets or types contradict each other, is one '
        'CheckpointError that names the file.',
        tested=f'{len(files)} files: safetensors headers, archives and streams, cut off or changed',
        figure=f'{len(files) - len(wrong)} of {len(files)} are such errors, and none recommends to load the file '
        f'otherwise; slowest {slowest:.2f} s' + (f'; wrong: {"; ".join(wrong)}' if wrong else ''),
        held=not wrong and slowest < 5,
    )


def mutate(folder: Path, count: int) -> tuple[int, int, float]:
    """Change a few bytes of good checkpoints at random; called in a process of its own.

    Returns:
        How many still load, how many are `CheckpointError`s, and the seconds of the slowest. Any other error is raised.
    """
    rng, loaded, slowest = random.Random(0), 0, 0.0
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
        error = error_of(read_state_dict, path)
        slowest = max(slowest, time.monotonic() - begun)
        if error is not None and not isinstance(error, CheckpointError):
            raise error
        loaded += error is None
    return loaded, count - loaded, slowest


def mutations(folder: Path, count: int) -> Finding:
    process = start([__file__, str(folder), str(count)], folder / 'log.txt')
    code, lines = process.wait(timeout=3600), (folder / 'log.txt').read_text().splitlines()
    loaded, refused, slowest = map(float, lines[-1].split()) if code == 0 else (float('nan'),) * 3
    return Finding(
        promise='A checkpoint with damaged bytes loads or is one CheckpointError; the process lives on.',
        tested=f'{count:,} files with 1 to 4 bytes changed at random, half .pth, half .safetensors',
        figure=f'{loaded:,.0f} loaded, {refused:,.0f} refused, slowest {slowest:.2f} s, exit code {code}'
        + (f': {lines[-1]}' if code and lines else ''),
        held=code == 0 and loaded + refused == count and slowest < 5,
    )


def digests(folder: Path) -> Finding:
    """Each byte of a published file in turn is another one."""
    path, original = folder / 'zoo.safetensors', good_safetensors()
    path.write_bytes(original)
    published = sha256_of(path)
    require_sha256(path, published)
    places = range(len(original))
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
        guard='tests/files/test_digest.py',
    )


def names(folder: Path, size: Size) -> Finding:
    wrong, counts = check_all(folder, reencode=size == 'heavy')
    return Finding(
        promise='Names in lists that leave the root or that a shell acts upon are refused; all others are file names.',
        tested=f'{counts["refused"]} names to refuse, {counts["links"]} links out of the root, {counts["literal"]} odd '
        'names of real files, each through CompressedVideoDataset, its two-file mode and prepare_videos.py',
        figure=f'{counts["checks"] - len(wrong)} of {counts["checks"]} verdicts as they should be'
        + (f'; wrong: {"; ".join(wrong[:5])}' if wrong else ''),
        held=not wrong,
    )


def no_shell() -> Finding:
    files = [path for part in CODE for path in sorted((REPOSITORY / part).rglob('*.py'))]
    calls = [(path.relative_to(REPOSITORY), *call) for path in files for call in dangerous_calls(path.read_text())]
    found = [f'{path}:{line}: {what}' for path, line, what in calls]
    return Finding(
        promise='The code starts no shell, and evaluates, unpickles or loads as full YAML no content of a file.',
        tested=f'the syntax trees of {len(files)} files',
        figure=f'{len(found)} such calls' + (f': {"; ".join(found)}' if found else ''),
        held=not found,
    )


if __name__ == '__main__':
    print(*mutate(Path(sys.argv[1]), int(sys.argv[2])))
