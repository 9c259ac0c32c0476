"""An array of Slurm embeds a folder; one of its tasks is killed and requeued, and another requeued while it runs."""

import os
import sys
import time
from pathlib import Path

from embedding_runs import PATIENCE, blocks_of, copied, differences, hashes_of, kill, number_of
from finding import Finding
from openings import Openings, begun_again
from real_slurm import CPUS, RealSlurm
from two_nodes import Site

from cmvl_mm.embedding.folder import embed_folder

TASKS = 2
COPIES = 20  # of eight videos: ten parts
SCRIPT = """#!/bin/bash
#SBATCH --array=0-{last}
#SBATCH --cpus-per-task={cpus}
#SBATCH --requeue
cmvl embed {videos} -o {out}/ --shard env --workers 1
"""
"""As docs/own_videos.md has it; a task fills a node."""


def killed_and_requeued(site: Site, slurm: RealSlurm) -> Finding:
    """Each task is disturbed after its first part, and is compared with a run that was left alone."""
    videos = copied(site.videos / 'videos', site.folder / 'many', COPIES)
    expected, out, batch = (site.folder / name for name in ('expected', 'array', 'array.sh'))
    embed_folder(videos, expected, workers=0)
    batch.write_text(SCRIPT.format(last=TASKS - 1, cpus=CPUS, videos=videos, out=out))
    with Openings(videos) as opened:
        path = f'{Path(sys.executable).parent}:{os.environ["PATH"]}'
        words = ['sbatch', '--parsable', f'--output={site.folder}/array_%a.log', '--open-mode=append', str(batch)]
        slurm.start(words, site.folder / 'array.submitted', PATH=path).wait(timeout=PATIENCE)
        array = (site.folder / 'array.submitted').read_text().strip()
        tasks = [f'{array}_{number}' for number in range(TASKS)]
        for number in range(TASKS):
            wait_for_part(site, out, number)
        kept = stamps(out)
        (victim,) = slurm.tasks('--shard', SLURM_ARRAY_JOB_ID=array, SLURM_ARRAY_TASK_ID='0')
        kill(victim)
        slurm.run('scontrol', 'requeue', tasks[1])
        died = slurm.settled(tasks[0])
        slurm.run('scontrol', 'requeue', tasks[0])
        ended = [slurm.settled(task, PATIENCE) for task in tasks]
        again = begun_again(opened.names(), blocks_of(expected))
    now = stamps(out)
    twice = [name for name, written in kept.items() if now.get(name) != written]
    problems = differences(out, expected) + twice
    states, starts = ([one[key] for one in ended] for key in ('JobState', 'Restarts'))
    return Finding(
        promise='A task of an array of Slurm with `cmvl embed --shard env` that is killed, or requeued while it runs, '
        'completes its share when Slurm starts it again: no row is lost, none is there twice, finished parts stay.',
        tested=f'{slurm.version}: sbatch --array=0-{TASKS - 1}, a task on each of 2 nodes; when each had a part, '
        f'kill -9 to the command of one and scontrol requeue, and scontrol requeue of the other; {number_of(videos)} '
        f'videos, {len(hashes_of(expected))} parts, compared with those of one run left alone; openings of videos '
        'watched',
        figure=f'killed: {died["JobState"]}, exit code {died["ExitCode"]}; then {" and ".join(states)}, started again '
        f'{" and ".join(starts)} times; {len(kept)} parts were finished, {again} blocks begun again; {len(problems)} '
        f'parts differ, are missing or were made twice {problems[:3] or ""}',
        held=not problems
        and died['JobState'] == 'FAILED'
        and set(states) == {'COMPLETED'}
        and set(starts) == {'1'}
        and len(kept) < len(now)
        and again <= TASKS,
        guard='tests/workflows/test_embed_folder.py::test_a_worker_that_is_killed_costs_the_block_it_is_at',
    )


def stamps(out: Path) -> dict[str, int]:
    """When each part was written."""
    return {path.name: path.stat().st_mtime_ns for path in (out / 'parts').glob('*.parquet')}


def wait_for_part(site: Site, out: Path, task: int) -> None:
    """Until a task has finished a part of its share, which is every second one.

    Raises:
        RuntimeError: there is none within `PATIENCE`.
    """
    until = time.monotonic() + PATIENCE
    while not any(int(name.partition('.')[0]) % TASKS == task for name in stamps(out)):
        if time.monotonic() > until:
            raise RuntimeError(f'no part of task {task}: {(site.folder / f"array_{task}.log").read_text()[-2000:]}')
        time.sleep(0.02)
