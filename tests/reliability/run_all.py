"""Put promises to their heavy tests and write RELIABILITY.md.

    make reliability                                        # all of them
    make reliability ONLY="soak resume"                     # these topics anew; the others stay as they are published
    python tests/reliability/run_all.py --report            # RELIABILITY.md from outcomes.json, without a run
    python tests/reliability/run_all.py --size light        # a trial; writes nothing unless --out says where

Each topic is a module of this folder with a function `findings(size)`. What a heavy one found is published when the
topic ends, see `published.py`, and kept in work_dirs/reliability until all chosen topics have ended, so that a run that
was stopped resumes with the next topic; --again runs them anew. The last topic takes Slurm's programs and root; without
them it ends with an error that names the packages.
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
from published import REPOSITORY, TOPICS, WRITTEN, document, publish, write_document
from started import ending_what_it_starts

from cmvl_mm.files.git import short_commit
from cmvl_mm.files.machine import cpu_name

KEPT = Path('work_dirs/reliability')
LIGHT = 'tests/reliability/test_promises.py::test_they_hold[{}]'


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if args.report:
        write_document()
        return
    outcomes = {}
    for topic in args.only:
        kept = KEPT / f'{args.size}_{topic}.json'
        if kept.exists() and not args.again:
            print(f'{topic}: kept from a run that was stopped ({kept}); --again runs it anew', flush=True)
            outcomes[topic] = json.loads(kept.read_text())
            continue
        outcomes[topic] = run(topic, args.size)
        if args.size == 'heavy':
            publish(topic, outcomes[topic])
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(outcomes[topic], indent=1) + '\n')
    if args.out is not None:
        args.out.write_text(document(outcomes))
        print(f'written to {args.out}')
    for topic in args.only:
        (KEPT / f'{args.size}_{topic}.json').unlink()
    broken = [row['promise'] for outcome in outcomes.values() for row in outcome['findings'] if not row['held']]
    if broken:
        sys.exit('Not held: ' + '; '.join(broken))


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--only', nargs='+', choices=list(TOPICS), default=list(TOPICS), help='some topics')
    parser.add_argument('--size', choices=['light', 'heavy'], default='heavy')
    parser.add_argument('--again', action='store_true', help='run topics that a stopped run had finished once more')
    parser.add_argument('--out', type=Path, help='where a trial (--size light) writes its document')
    parser.add_argument(
        '--report', action='store_true', help='write RELIABILITY.md of what is published, without a run'
    )
    args = parser.parse_args(argv)
    if args.out is not None and args.size == 'heavy':
        parser.error(f'--out {args.out} is for trials (--size light); heavy outcomes go to RELIABILITY.md')
    return args


def run(topic: str, size: Size) -> dict[str, Any]:
    """One topic: its findings, and when, where and how long."""
    print(f'== {TOPICS[topic]}', flush=True)
    begun, commit = time.monotonic(), short_commit(REPOSITORY, WRITTEN)
    with ending_what_it_starts():
        findings: list[Finding] = importlib.import_module(topic).findings(size)
    for finding in findings:
        print(f'   {"held" if finding.held else "NOT HELD"}: {finding.promise} {finding.figure}', flush=True)
    return dict(
        date=datetime.now(UTC).strftime('%Y-%m-%d'),
        commit=commit,
        minutes=round((time.monotonic() - begun) / 60, 1),
        machine=_machine(),
        findings=[asdict(finding) | dict(guard=finding.guard or LIGHT.format(topic)) for finding in findings],
    )


def _machine() -> str:
    return f'{cpu_name()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {version("torch")}'


if __name__ == '__main__':
    main()
