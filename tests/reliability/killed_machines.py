"""kill -9 to machines of a Ray cluster that embed a folder: no row lost, none twice, at most a block begun again."""

import time
from pathlib import Path

from embedding_runs import (
    PATIENCE,
    WORKERS,
    Engine,
    begun,
    blocks_of,
    differences,
    finished_parts,
    hashes_of,
    number_of,
)
from finding import Finding
from openings import Openings, begun_again


def killed_machines(engine: Engine, videos: Path, folder: Path, expected: Path, count: int) -> Finding:
    """SIGKILL what makes a process group of this machine a machine of a cluster, with all its workers; each time one
    of two, and another one joins."""
    from ray.cluster_utils import Cluster

    problems, codes, after, again, told = [], [], [], [], 0
    for turn in range(count):
        out, log = folder / f'machine_{turn}', folder / f'machine_{turn}.log'
        node = dict(num_cpus=1, object_store_memory=80 * 2**20, include_dashboard=False)
        cluster = Cluster(initialize_head=True, head_node_args=node | dict(num_cpus=0))
        lost = [cluster.add_node(**node) for _ in range(WORKERS)][-1]
        with Openings(videos) as opened:
            process = begun(engine, videos, out, log, '--address', cluster.address)
            while process.poll() is None and finished_parts(out) < 2 * (turn + 1):
                time.sleep(0.02)
            cluster.remove_node(lost, allow_graceful=False)
            killed = time.monotonic()
            cluster.add_node(**node)
            codes.append(process.wait(timeout=PATIENCE))
            after.append(time.monotonic() - killed)
            again.append(begun_again(opened.names(), blocks_of(expected)))
        told += 'was lost' in log.read_text()
        problems += differences(out, expected) + ([] if codes[-1] == 0 else [log.read_text()[-500:]])
        problems += [] if again[-1] <= 1 else [f'{again[-1]} blocks begun again']
        cluster.shutdown()
    return Finding(
        promise=f'A machine that is lost costs {engine.said} the blocks that its workers are at: they run on another '
        'machine, no row is lost, none is there twice.',
        tested=f'a head and two machines of one worker each, emulated on one; kill -9 to one at {count} moments, and '
        f'another joins; {number_of(videos)} videos, {len(hashes_of(expected))} parts; openings of videos watched',
        figure=f'exit codes {sorted(set(codes))}, at most {max(after):.0f} s after the loss; {told} of {count} had '
        f'a part at work there; {again} blocks begun again; {len(problems)} parts differ, are missing or were begun '
        f'again without need {problems[:3] or ""}',
        held=not problems and set(codes) == {0},
        guard=engine.guard,
    )
