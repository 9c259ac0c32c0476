"""Put every promise to its heavy test and write RELIABILITY.md.

    make reliability                                        # all of them
    make reliability ONLY="soak resume"                     # some
    python tests/reliability/run_all.py --size light        # a trial; writes nothing unless --out says where

Each topic is a module of this folder with a function `findings(size)`. What it found is kept in
work_dirs/reliability/TOPIC.json, so that a run that was stopped goes on with the next topic; --again runs them anew.
"""

import argparse
import importlib
import json
import os
import platform
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from finding import Finding, Size

from cmvl_mm.files.git import short_commit
from cmvl_mm.files.machine import cpu_name

REPOSITORY = Path(__file__).resolve().parents[2]
KEPT = Path('work_dirs/reliability')
TOPICS = {
    'damaged_video': 'Damaged video',
    'damaged_set': 'Damaged data set',
    'interrupted_save': 'Checkpoints',
    'resume': 'Resume',
    'signals': 'Signals',
    'dying_peers': 'Dying workers and ranks',
    'several_nodes': 'Several machines',
    'killed_embeddings': 'Embedding many videos',
    'untrusted_files': 'Untrusted files',
    'soak': 'Soak',
    'determinism': 'Determinism',
}
"""Module -> heading, in the order of RELIABILITY.md."""
LIGHT = 'tests/reliability/test_promises.py::test_they_hold[{}]'


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    for topic in args.only:
        kept = KEPT / f'{args.size}_{topic}.json'
        if kept.exists() and not args.again:
            print(f'{topic}: kept from an earlier run ({kept}); --again runs it anew', flush=True)
            continue
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(run(topic, args.size), indent=1) + '\n')
    outcomes = {topic: json.loads((KEPT / f'{args.size}_{topic}.json').read_text()) for topic in args.only}
    if args.out is not None:
        args.out.write_text(document(outcomes))
        print(f'written to {args.out}')
    broken = [row['promise'] for outcome in outcomes.values() for row in outcome['findings'] if not row['held']]
    if broken:
        sys.exit('Not held: ' + '; '.join(broken))


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--only', nargs='+', choices=list(TOPICS), default=list(TOPICS), help='some topics')
    parser.add_argument('--size', choices=['light', 'heavy'], default='heavy')
    parser.add_argument('--again', action='store_true', help='run topics that are finished once more')
    parser.add_argument('--out', type=Path, help='default: RELIABILITY.md of a complete heavy run, else nothing')
    args = parser.parse_args(argv)
    if args.out is None and args.size == 'heavy' and len(args.only) == len(TOPICS):
        args.out = REPOSITORY / 'RELIABILITY.md'
    return args


def run(topic: str, size: Size) -> dict[str, Any]:
    """One topic: its findings, and when, where and how long."""
    print(f'== {TOPICS[topic]}', flush=True)
    begun = time.monotonic()
    findings: list[Finding] = importlib.import_module(topic).findings(size)
    for finding in findings:
        print(f'   {"held" if finding.held else "NOT HELD"}: {finding.promise} {finding.figure}', flush=True)
    return dict(
        findings=[asdict(finding) | dict(guard=finding.guard or LIGHT.format(topic)) for finding in findings],
        date=datetime.now(UTC).strftime('%Y-%m-%d'),
        commit=short_commit(REPOSITORY),
        minutes=round((time.monotonic() - begun) / 60, 1),
        machine=_machine(),
    )


def document(outcomes: dict[str, dict[str, Any]]) -> str:
    """RELIABILITY.md: a table a topic."""
    lines = [
        '# Reliability',
        '',
        'What the toolkit guarantees when videos are damaged, processes are killed or files come from untrusted',
        'sources, how each guarantee was tested, and the result. `make reliability` writes this file; `make test` runs',
        'a light version of every check. The last column names the test that fails when the guarantee breaks.',
    ]
    for topic, outcome in outcomes.items():
        lines += [
            '',
            f'## {TOPICS[topic]}',
            '',
            f'{outcome["date"]}, commit {outcome["commit"]}, {outcome["minutes"]} minutes, {outcome["machine"]}.',
            '',
            '| promise | how it was tested | figure | | guarded by |',
            '|---|---|---|---|---|',
        ]
        lines += [
            f'| {row["promise"]} | {row["tested"]} | {row["figure"]} | {"held" if row["held"] else "**NOT HELD**"} '
            f'| `{row["guard"]}` |'
            for row in outcome['findings']
        ]
    return '\n'.join([*lines, ''])


def _machine() -> str:
    return f'{cpu_name()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {version("torch")}'


if __name__ == '__main__':
    main()
