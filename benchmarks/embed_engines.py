"""`cmvl embed -o FOLDER/` with every engine: equal rows, seconds, memory, and the overhead over a plain loop.

    python benchmarks/embed_engines.py --clips 10000              # three rounds, 17 minutes of processor time
    python benchmarks/embed_engines.py --clips 300 --rounds 1     # a trial

The videos come from the controlled generator: 108 frames of 128x112, four clips each, `--made` different videos under
many names. Each engine is a command in a separate process tree, so that its start counts: imports, weights, processes,
Ray itself. The plain loop is `embed_folder(workers=0)`, one process. Shards are processes of torchrun with one worker
each. Overhead compares the CPU seconds of all processes with those of the loop: wall time would depend on the number of
cores and on other programs. All run once per round, in turn, because the same command varies by a tenth from run to
run; overhead is the median over the rounds, each relative to the loop of its own round. Every part of every engine has
the same bytes as the loop's part.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from statistics import median

from process_tree import MB, Taken, taken_by
from side_by_side import machine

from cmvl_mm.controlled.basic import CONTEXTS, MOTIONS, make_controlled_video
from cmvl_mm.video.encode import write_video

CLIPS_OF_A_VIDEO = 4  # clips per video of the zoo's default network
GOAL = 0.15  # overhead in CPU seconds relative to the loop, at 10,000 clips
LOOP, PROCESSES, SHARDS, RAY = 'plain loop', 'processes', 'torchrun --shard env', 'Ray'
_LOOP_CODE = """
import sys
from cmvl_mm.embedding.folder import embed_folder
embed_folder(sys.argv[1], sys.argv[2], workers=0)
"""


def make_videos(folder: Path, videos: int, made: int) -> Path:
    """Make `videos` videos, of which `made` differ."""
    originals = []
    for number in range(min(made, videos)):
        context, motion = CONTEXTS[number % len(CONTEXTS)], MOTIONS[number // len(CONTEXTS) % len(MOTIONS)]
        frames, _ = make_controlled_video((2, number), context, motion)
        originals.append(folder / 'made' / f'{number}.mp4')
        write_video(frames, originals[-1], quantiser=4)
    out = folder / 'videos'
    out.mkdir()
    for number in range(videos):
        os.link(originals[number % len(originals)], out / f'{number:07d}.mp4')
    return out


def commands(videos: Path, folder: Path, workers: int) -> dict[str, tuple[list[str], Path]]:
    """Name -> words of the command, and the folder that it writes."""
    outs = {name: folder / f'out{place}' for place, name in enumerate((LOOP, PROCESSES, SHARDS, RAY))}
    python = [sys.executable, '-W', 'ignore']

    def embed(name: str, *more: str) -> list[str]:
        return ['-m', 'cmvl_mm', 'embed', str(videos), '-o', f'{outs[name]}/', *more]

    count = str(workers)
    launcher = [*python, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', count]
    words = {
        LOOP: [*python, '-c', _LOOP_CODE, str(videos), str(outs[LOOP])],
        PROCESSES: [*python, *embed(PROCESSES, '--workers', count)],
        SHARDS: [*launcher, *embed(SHARDS, '--shard', 'env', '--workers', '1')],
        RAY: [*python, *embed(RAY, '--workers', count, '--engine', 'ray')],
    }
    return {name: (words[name], outs[name]) for name in words}


def hash_of(out: Path) -> str:
    """SHA-256 over the bytes of all parts, in order."""
    found = sha256()
    for path in sorted((out / 'parts').glob('*.parquet')):
        found.update(path.read_bytes())
    return found.hexdigest()


def table(found: dict[str, list[Taken]], clips: int) -> str:
    """Markdown with a row per engine: medians over its rounds, and whether it meets the goal."""
    lines = [
        f'| engine | wall, s | clips/s | CPU, s | beside the loop, goal {GOAL:+.0%} | in single rounds '
        '| main process, MB | largest other, MB | all, MB |',
        '|---|---:|---:|---:|---:|---:|---:|---:|---:|',
    ]
    for name, rounds in found.items():
        wall, cpu = (median(getattr(one, figure) for one in rounds) for figure in ('wall', 'cpu'))
        peaks = (max(getattr(one, figure) for one in rounds) / MB for figure in ('main', 'largest', 'together'))
        more = [one.cpu / loop.cpu - 1 for one, loop in zip(rounds, found[LOOP], strict=True)]
        verdict = f'{median(more):+.0%}, {"met" if median(more) <= GOAL else "MISSED"}'
        single = ' '.join(f'{one:+.0%}' for one in more)
        verdict, single = ('', '') if name == LOOP else (verdict, single)
        lines.append(
            f'| {name} | {wall:.1f} | {clips / wall:.1f} | {cpu:.1f} | {verdict} | {single} | '
            + ' | '.join(f'{peak:.0f}' for peak in peaks)
            + ' |'
        )
    return '\n'.join(lines)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--clips', type=int, default=10000, help='(default: %(default)s)')
    parser.add_argument('--made', type=int, default=64, help='different videos (default: %(default)s)')
    parser.add_argument(
        '--workers', type=int, default=2, help='workers of all engines but the loop (default: %(default)s)'
    )
    parser.add_argument('--rounds', type=int, default=3, help='(default: %(default)s)')
    parser.add_argument('--only', nargs='+', choices=[PROCESSES, SHARDS, RAY], default=[PROCESSES, SHARDS, RAY])
    parser.add_argument('--json', type=Path, help='also write the figures to this file')
    args = parser.parse_args(argv)
    facts = machine()
    environment = os.environ | dict(OMP_NUM_THREADS='1')
    found: dict[str, list[Taken]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        videos = make_videos(folder, -(-args.clips // CLIPS_OF_A_VIDEO), args.made)
        expected = None
        for number in range(args.rounds):
            for name, (words, out) in commands(videos, folder, args.workers).items():
                if name != LOOP and name not in args.only:
                    continue
                found.setdefault(name, []).append(taken_by(words, environment, folder / 'log'))
                expected = expected or hash_of(out)
                if hash_of(out) != expected:
                    sys.exit(f'{name}: its rows differ from those of the {LOOP}')
                shutil.rmtree(out)
                print(f'round {number}, {name}: {found[name][-1].wall:.1f} s', flush=True)
    print(f'{args.clips} clips, {args.workers} workers, load {facts["load"]}; SHA-256 of all parts {expected}\n')
    print(table(found, args.clips))
    if args.json is not None:
        engines = {name: [asdict(one) for one in rounds] for name, rounds in found.items()}
        figures = dict(machine=facts, clips=args.clips, sha256=expected, engines=engines)
        args.json.write_text(json.dumps(figures, indent=1) + '\n')


if __name__ == '__main__':
    main()
