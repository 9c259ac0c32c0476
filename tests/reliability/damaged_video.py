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

NUMBER = {'light': 200, 'heavy': 2000}  # of each kind of file
SEED = {'light': 0, 'heavy': 1}
GUARD = 'tests/reliability/test_damaged_video.py::test_promises'
HOSTILE = ('tests/video/test_hostile_metadata.py', 'tests/video/test_damage.py')


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
            promise=f'A damaged video kills no process, holds none up for {HANG:.0f} s, swells none.',
            tested=tested,
            figure=f'{died} deaths, {hung} hangs (the slowest took {max(o.seconds for o in outcomes):.1f} s), '
            f'{swollen} above {SWELL >> 20} MiB (the largest {max(o.growth for o in outcomes) / 2**20:.0f} MiB).',
            held=died == hung == swollen == 0,
            guard=GUARD,
        ),
        Finding(
            promise='Whatever fails is one VideoError that names path and stage.',
            tested='the same files: opened, counted, verified, and read 17 times at random places',
            figure=f'{raised} other errors; {refused} files were refused in whole or in part.',
            held=raised == 0 and refused > 0,
            guard=GUARD,
        ),
        Finding(
            promise='No frame is handed out that FFmpeg flagged as corrupt, or that may depend on one.',
            tested='the same files; every frame read is looked up in a plain decode of the file by FFmpeg alone, told '
            'not to guess at other encoders’ bugs in its own streams, and, where that one flags it, among the frames '
            'before they were damaged; vectors of prepared MPEG-4 also in a decode of their packet by itself, as they '
            'need no other',
            figure=f'{flagged} files gave a flagged frame that is not right all the same; '
            f'{sum(o.handed_out for o in outcomes)} frames were handed out.',
            held=flagged == 0,
            guard='tests/video/test_damage.py::test_b_frames_before_a_damaged_frame_that_they_depend_on_are_refused',
        ),
        Finding(
            promise='How much damage FFmpeg does not flag, so that nobody sees it, is known.',
            tested='the same files, and the frames before they were damaged',
            figure=f'{len(passed)} of {len(outcomes)} files ({len(passed) / len(outcomes):.0%}) decode from end to end '
            f'without a flag; frames of {wrong} of them ({wrong / len(outcomes):.0%}) differ from the sound ones. '
            + _shares(outcomes),
            held=True,
            guard=GUARD,
        ),
    ]
    return rows if size == 'light' else [*rows, odd_files()]


def odd_files() -> Finding:
    """The tests of single files, which `make test` runs anyway."""
    command = [sys.executable, '-m', 'pytest', '-q', '--no-header', '-p', 'no:cacheprovider', *HOSTILE]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    passed = re.search(r'(\d+) passed', run.stdout)
    return Finding(
        promise='Files with hostile or odd metadata are refused at once, or read right.',
        tested='no frames, one frame, no I-frame, every frame a key frame, sizes of 100,000 x 100,000 px in container '
        'and codec headers, rotation, variable rate, audio only, directory, FIFO, empty file, play list, noise',
        figure=f'{passed.group(1) if passed else 0} tests passed, exit code {run.returncode}.',
        held=run.returncode == 0,
        guard=HOSTILE[0],
    )


def _shares(outcomes: list) -> str:
    """By kind of file: VP8 and VP9 flag next to nothing."""
    parts = []
    for name in FORMATS:
        mine = [outcome for outcome in outcomes if outcome.recipe.name == name]
        parts.append(f'{name} {sum(outcome.verified and outcome.wrong > 0 for outcome in mine) / len(mine):.0%}')
    return f'By kind: {", ".join(parts)}.'
