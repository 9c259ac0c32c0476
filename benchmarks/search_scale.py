"""Search a large folder of parts: exact search over every row, and the indexes of `cmvl index`.

    python benchmarks/search_scale.py                                         # 100,000 rows x 128
    python benchmarks/search_scale.py --rows 10000000 --kinds ivf --folder /scratch --json scale.json    # 12 GB

The rows are drawn once: unit vectors in clusters of about --cluster rows, each the cluster's centre plus noise as long
as the centre, in parts of 1,000 rows with ten clusters each, and videos of four clips. Without clusters (0) no index
helps, because all rows are about equally far. The queries are --queries evenly spaced rows, first all at once and then
a single one; the row itself does not count for the recall. Each step runs in a separate process, so that its peak
memory, VmHWM, is its own; it includes libraries and mapped parts of an index. Seconds are wall time, with CPU time next
to them. The files have just been written, so most are in the system's cache.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import side_by_side

from cmvl_mm.clip_search.best_rows import Best
from cmvl_mm.clip_search.build_index import build_index
from cmvl_mm.clip_search.engines import open_engine
from cmvl_mm.clip_search.recall import recall_at, sample_rows
from cmvl_mm.clip_search.row_filter import EVERY_ROW
from cmvl_mm.embedding.embeddings import Embeddings, EmbeddingsMeta, table_of
from cmvl_mm.embedding.parts_folder import part_path
from cmvl_mm.embedding.parts_manifest import PartsManifest

PART, CLIPS = 1000, 4
META = EmbeddingsMeta('/videos', 'drawn', '0' * 64, {}, 16, 2, CLIPS, None, 'loop', 112, 128, '0')


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--rows', type=int, default=100_000, help='a multiple of 1,000 (default: %(default)s)')
    parser.add_argument('--dim', type=int, default=128, help='size of a vector (default: %(default)s)')
    parser.add_argument(
        '--cluster', type=int, default=1000, help='rows of a cluster; 0: no clusters (default: %(default)s)'
    )
    parser.add_argument('--queries', type=int, default=100, help='default: %(default)s')
    parser.add_argument('--k', type=int, default=10, help='neighbours (default: %(default)s)')
    parser.add_argument('--kinds', nargs='*', default=['ivf', 'lance'], help='kinds of index (default: %(default)s)')
    parser.add_argument('--folder', type=Path, help='folder for the parts (default: the temporary folder)')
    parser.add_argument('--json', type=Path, help='also write the figures to this file')
    parser.add_argument('--step', help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def write_parts(folder: Path, rows: int, dim: int, cluster: int) -> None:
    """Write a complete folder like `cmvl embed`, but without a sync after each part."""
    (folder / 'parts').mkdir(parents=True)
    videos = rows // CLIPS
    PartsManifest(META, videos, 'a' * 64, PART // CLIPS, ()).write(folder)
    starts = 2.0 * (np.arange(PART) % CLIPS)
    for number in range(rows // PART):
        vectors = drawn(number, rows, dim, cluster)
        first = number * PART // CLIPS
        names = np.array([f'camera{video % 16:02d}/{video:08d}.mp4' for video in range(first, first + PART // CLIPS)])
        labels = np.array([f'class{row % 10}' for row in range(PART)], object)
        found = Embeddings(np.repeat(names, CLIPS), starts, starts + 2, labels, vectors, META)
        options = dict(write_page_checksum=True, use_dictionary=['path', 'label'])  # as in write_embeddings
        pq.write_table(table_of(found), part_path(folder, number), **options)


def drawn(number: int, rows: int, dim: int, cluster: int) -> np.ndarray:
    """(PART, dim) unit vectors of a part with ten clusters."""
    rng = np.random.default_rng(number)
    vectors = rng.standard_normal((PART, dim), dtype=np.float32)
    if cluster:
        names, place = rng.integers(0, max(1, rows // cluster), 10), rng.integers(0, 10, PART)
        centres = [np.random.default_rng([1, name]).standard_normal(dim, dtype=np.float32) for name in names]
        vectors += np.stack(centres)[place]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def search(folder: Path, kind: str | None, args: argparse.Namespace) -> dict[str, Any]:
    """Seconds of opening, of all queries and of one query; the neighbours are written to a file."""
    begun = time.perf_counter()
    engine = open_engine(folder, kind)
    opened = time.perf_counter() - begun
    sample = sample_rows(len(engine), args.queries)
    vectors = engine.vectors_at(sample)
    options = dict(by_video=False, where=EVERY_ROW, own=None)
    if kind is not None:
        engine.nearest(vectors, args.k + 1, **options)  # maps needed files; the exact search reads the parts each time
    begun, cpu = time.perf_counter(), time.process_time()
    best = engine.nearest(vectors, args.k + 1, **options)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    begun = time.perf_counter()
    engine.nearest(vectors[:1], args.k + 1, **options)
    one = time.perf_counter() - begun
    np.savez(folder / f'found_{kind}.npz', **best._asdict())
    return dict(open=opened, seconds=seconds, cpu=cpu, one=one)


def step(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Run one step in this process."""
    action, _, kind = name.partition(' ')
    begun, cpu = time.perf_counter(), time.process_time()
    found: dict[str, Any] = {}
    if action == 'write':
        write_parts(args.folder, args.rows, args.dim, args.cluster)
    elif action == 'build':
        record = build_index(args.folder, kind, k=args.k, queries=args.queries)
        measured = record.measured
        found = dict(
            settings=record.settings, bytes=sum(record.files.values()), build=record.build_seconds,
            recall=measured.recall, exact=measured.exact_seconds, index=measured.index_seconds,
        )  # fmt: skip
    else:
        found = search(args.folder, kind or None, args)
    whole = dict(all_seconds=time.perf_counter() - begun, all_cpu=time.process_time() - cpu)
    return found | whole | {name: memory(name) for name in ('VmHWM', 'RssAnon', 'RssFile')}


def memory(name: str) -> float:
    """MiB of this process (Linux): VmHWM is the peak, RssAnon and RssFile its private and mapped memory now."""
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f'{name}:')) / 1024


def in_process(name: str, args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run one step in a separate process."""
    options = [f'--{key}={getattr(args, key)}' for key in ('rows', 'dim', 'cluster', 'queries', 'k')]
    command = [sys.executable, __file__, *options, '--folder', str(folder), '--step', name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    print(name, json.dumps(found), file=sys.stderr, flush=True)
    return found


def neighbours(folder: Path, kind: str | None) -> Best:
    with np.load(folder / f'found_{kind}.npz') as found:
        return Best(**found)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if args.step:
        print(json.dumps(step(args.step, args)))
        return
    facts = side_by_side.machine()
    with tempfile.TemporaryDirectory(dir=args.folder) as temporary:
        folder = Path(temporary) / 'features'
        figures = {'write': in_process('write', args, folder), 'exact': in_process('search', args, folder)}
        size = sum(file.stat().st_size for file in (folder / 'parts').iterdir())
        for kind in args.kinds:
            figures[f'build {kind}'] = in_process(f'build {kind}', args, folder)
            found = figures[kind] = in_process(f'search {kind}', args, folder)
            sample = sample_rows(args.rows, args.queries)
            found['recall'] = recall_at(neighbours(folder, kind), neighbours(folder, None), sample, args.k)
            shutil.rmtree(folder / 'index')
    text = table(args, figures, size)
    print(text)
    if args.json is not None:
        args.json.write_text(json.dumps(dict(machine=facts, figures=figures, table=text), indent=1) + '\n')


def table(args: argparse.Namespace, figures: dict[str, dict[str, Any]], size: int) -> str:
    """The results as Markdown."""
    exact = figures['exact']
    lines = [
        f'**{args.k} nearest of {args.rows:,} x {args.dim}, {args.queries} queries; parts of {size / 1e9:.2f} GB**',
        '',
        '| | build s | size GB | recall | all s | cpu s | times as fast | one s | open s | peak MiB | own MiB |',
        '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
    ]
    for kind in (None, *args.kinds):
        found, build = figures[kind or 'exact'], figures.get(f'build {kind}', {})
        lines.append(
            f'| {kind or "exact"} | {build.get("build", 0):.1f} | {build.get("bytes", 0) / 1e9:.2f} '
            f'| {found.get("recall", 1):.4f} | {found["seconds"]:.3f} | {found["cpu"]:.3f} '
            f'| {exact["seconds"] / found["seconds"]:.1f} | {found["one"]:.3f} | {found["open"]:.2f} '
            f'| {found["VmHWM"]:.0f} | {found["RssAnon"]:.0f} |'
        )
    for kind in args.kinds:
        build = figures[f'build {kind}']
        lines.append(
            f'\n{kind}: {build["settings"]}; {build["all_cpu"]:.0f} s of processor, peak {build["VmHWM"]:.0f} MiB'
        )
    return '\n'.join(lines) + '\n'


if __name__ == '__main__':
    main()
