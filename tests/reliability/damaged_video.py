"""Thousands of damaged files, made and read by tests/fuzz, and headers that lie."""

import os
import re
import subprocess
import sys
from pathlib import Path

from finding import Finding, Size

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / 'tests/fuzz'))

from cell import HANG, SWELL  # noqa: E402
from damage import KINDS  # noqa: E402
from fuzz import fuzz, table  # noqa: E402
from sources import FORMATS  # noqa: E402

NUMBER = {'light': 30, 'heavy': 2000}  # of each kind of file
SEED = {'light': 0, 'heavy': 1}
ODD = ('tests/video/test_odd_files.py', 'tests/video/test_damage.py')


def findings(size: Size) -> list[Finding]:
    """Every kind of file, damaged in every way; the heavy run also counts the tests of single odd files."""
    outcomes = fuzz(NUMBER[size], SEED[size], jobs=os.cpu_count() or 1)
    print('\n'.join(table(outcomes)), flush=True)
    broken = [fault for outcome in outcomes for fault in outcome.broken]
    died = sum(fault.startswith('the process died') for fault in broken)
    hung = sum(fault.startswith('no answer') for fault in broken)
    swollen = sum(fault.startswith('took') for fault in broken)
    raised = sum(fault.startswith('raised') for fault in broken)
    flagged = sum(fault.endswith('flagged') for fault in broken)
    refused = sum(bool(outcome.refused) for outcome in outcomes)
    passed = [outcome for outcome in outcomes if outcome.verified]
    wrong = sum(outcome.wrong > 0 for outcome in passed)
    tested = (
        f'{len(outcomes)} files: {NUMBER[size]} each of {", ".join(FORMATS)}; {", ".join(KINDS)} in turn. '
        'make fuzz N=… repeats it'
    )
    rows = [
        Finding(
            promise=f'Reading a damaged video ends no process, takes less than {HANG:.0f} s a file and little memory.',
            tested=tested,
            figure=f'{died} deaths, {hung} hangs (the slowest took {max(o.seconds for o in outcomes):.1f} s), '
            f'{swollen} above {SWELL >> 20} MiB (the largest {max(o.growth for o in outcomes) / 2**20:.0f} MiB).',
            held=died == hung == swollen == 0,
        ),
        Finding(
            promise='Every failure is a VideoError that names path and stage.',
            tested='the same files: opened, counted, verified, and read 17 times at random places',
            figure=f'{raised} other errors; {refused} files were refused in whole or in part.',
            held=raised == 0 and refused > 0,
        ),
        Finding(
            promise='No frame is returned that FFmpeg flagged as corrupt, or that may depend on such a frame.',
            tested='the same files; every frame read is looked up in a plain decode of the file by FFmpeg alone, with '
            'its workarounds for other encoders off for its own streams, and, if flagged there, among the frames of '
            'the undamaged file; vectors of prepared MPEG-4 also in a decode of their packet alone, since they depend '
            'on no other',
            figure=f'{flagged} files gave a flagged frame that differs from the undamaged one; '
            f'{sum(o.handed_out for o in outcomes)} frames were returned.',
            held=flagged == 0,
            guard='tests/video/test_damage.py::test_b_frames_before_a_damaged_frame_that_they_depend_on_are_refused',
        ),
        Finding(
            promise='The share of damage that FFmpeg does not flag, and that stays unseen, is measured.',
            tested='the same files, and the frames of the undamaged ones',
            figure=f'{len(passed)} of {len(outcomes)} files ({len(passed) / len(outcomes):.0%}) decode from end to end '
            f'without a flag; frames of {wrong} of them ({wrong / len(outcomes):.0%}) differ from the undamaged ones. '
            + _shares(outcomes),
            held=True,
        ),
    ]
    return rows if size == 'light' else [*rows, odd_files()]


def odd_files() -> Finding:
    """The tests of single files, which `make test` runs anyway."""
    command = [sys.executable, '-m', 'pytest', '-q', '--no-header', '-p', 'no:cacheprovider', *ODD]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    passed = re.search(r'(\d+) passed', run.stdout)
    return Finding(
        promise='Files that are legal but odd are read right; files beyond the accepted sizes and kinds are refused.',
        tested='no frames, one frame, no I-frame, every frame a key frame, sides beyond the limit, a container with '
        'another size than the stream, rotation, variable rate, audio only, directory, FIFO, empty file, play list, '
        'noise',
        figure=f'{passed.group(1) if passed else 0} tests passed, exit code {run.returncode}.',
        held=run.returncode == 0,
        guard=ODD[0],
    )


def _shares(outcomes: list) -> str:
    """By kind of file: VP8 and VP9 flag next to nothing."""
    parts = []
    for name in FORMATS:
        mine = [outcome for outcome in outcomes if outcome.recipe.name == name]
        parts.append(f'{name} {sum(outcome.verified and outcome.wrong > 0 for outcome in mine) / len(mine):.0%}')
    return f'By kind: {", ".join(parts)}.'
