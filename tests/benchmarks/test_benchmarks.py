"""The benchmarks run at a tiny size, refuse routes that give other results, and count what they say."""

import ctypes
import importlib
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from PIL import Image

from cmvl_mm.engine.config import load_config
from cmvl_mm.evaluation.search import nearest


@pytest.fixture
def benchmark(repository, monkeypatch):
    """A script of the folder as a module, whatever other folder has one of that name."""
    monkeypatch.syspath_prepend(str(repository / 'benchmarks'))

    def load(name):
        known = sys.modules.get(name)
        if known is not None and Path(known.__file__).parent != repository / 'benchmarks':
            monkeypatch.delitem(sys.modules, name)
        return importlib.import_module(name)

    return load


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore')  # decord's and MMCV's own
@pytest.mark.parametrize(
    ('name', 'options', 'first', 'reports'),
    [
        ('extraction', '--videos 1 --frames 14', 'ours, vectors + I-frames', 2),
        ('loader', '--samples 2', 'ours, the whole sample', 2),
        ('long_video', '--frames 12 --no-memory', 'ours, 1 worker', 3),
        ('loss', '--videos 8 --windows 2 --points 9 --channels 16', 'ours', 1),
        ('retrieval', '--gallery 2500 --dim 16 --queries 5 --k 3 --lists 8 --probes 2', None, 1),
        ('train_step', '--batch 2 --compile', 'plain', 1),
        ('whole_stream', '--videos 1 --frames 14', 'ours, vectors + residuals of 16 bits', 2),
    ],
)
def test_a_small_run_writes_its_figures(benchmark, monkeypatch, tmp_path, capsys, name, options, first, reports):
    module = benchmark(name)
    if name == 'loader':
        for maker in ('make_originals', 'make_h264'):
            make = getattr(module, maker)
            monkeypatch.setattr(module, maker, lambda folder, count, num_frames, make=make: make(folder, 1, 84))
    folder = [f'--folder={tmp_path}'] if name == 'retrieval' else []
    module.main([*options.split(), *folder, '--rounds', '1', '--json', str(tmp_path / 'out.json')])
    found = json.loads((tmp_path / 'out.json').read_text())['reports']
    assert len(found) == reports
    assert found[0]['timings'][0]['name'] == (first or module.OURS)
    assert {'ours', 'limit'} <= {timing['role'] for timing in found[0]['timings']}
    assert found[0]['table'] in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ['out.json']


@pytest.mark.parametrize(
    ('leaf', 'parameters', 'forward', 'backbone', 'whole'),
    [
        ('pretrain_c3d_ucf.py', 27.66, 77.0, 229, 490),
        ('pretrain_r3d26_ucf.py', 26.50, 18.5, 52.7, 314),
        ('pretrain_r2plus1d26_ucf.py', 26.51, 20.4, 60.0, 321),
    ],
)
def test_the_cost_of_the_papers_networks(benchmark, repository, leaf, parameters, forward, backbone, whole):
    """Against independent counts of the same networks."""
    config = load_config(repository / 'configs' / leaf)
    with DefaultScope.overwrite_default_scope('mmaction'):
        parts = {part.name: part for part in benchmark('cost').count_parts(config)}
    network = parts['backbone']
    assert network.parameters / 1e6 == pytest.approx(parameters, abs=0.01)
    assert network.forward / 1e9 == pytest.approx(forward, rel=0.02)
    assert network.step / 1e9 == pytest.approx(backbone, rel=0.02)
    assert parts['motion_head.m_network'].step / 1e9 == pytest.approx(4 * 63.0, rel=0.02)  # four windows
    assert parts['losses'].step == 6 * 49 * (16 * 4 * 49) * 512  # six operations a pair and channel
    assert sum(part.step for part in parts.values()) / 1e9 == pytest.approx(whole, rel=0.02)


def test_frames_bytes_and_hours(benchmark, repository):
    cost, config = benchmark('cost'), load_config(repository / 'configs/pretrain_c3d_ucf.py')
    # clip 0 ... 60 and half a GOP before it; four windows of eight frames
    assert cost.frames_per_sample(config) == (61 + 5.5, 4 * 8)
    pictures, vectors = 3 * (16 + 1) * 112 * 112, 4 * 8 * 14 * 14 * 2 * 2
    assert pictures + vectors < cost.bytes_per_sample(config) < pictures + vectors + 100  # and boxes and flips
    assert cost.hours(9_537, 120, clips_per_second=300, gpus=2) == pytest.approx(0.53, abs=0.005)


def test_an_extraction_with_other_vectors_is_refused(benchmark, tmp_path):
    extraction = benchmark('extraction')
    (path,) = extraction.make_mpeg4(tmp_path, 1, 14)
    painted = extraction.records_painted
    extraction.check('right', path, 16, painted)
    with pytest.raises(AssertionError, match='px off'):
        extraction.check('mirrored', path, 16, lambda video: (None if one is None else -one for one in painted(video)))
    with pytest.raises(AssertionError, match='13 of 14 frames'):
        extraction.check('short', path, 16, lambda video: list(painted(video))[:-1])


def test_agreement_with_flow_counts_blocks_that_move_by_both_accounts(benchmark):
    vectors = np.array([[[12, 0], [0, 12], [12, 12], [1, 0], [40, 0]]], np.int16)
    flow = np.array([[[10, 1], [0, -9], [-9, 10], [-8, 0], [1, 1]]], np.int16)
    agreement = benchmark('flow_cost').agreement
    assert agreement(vectors, flow) == pytest.approx(2 / 3)  # yes, no, yes; the last two stand still
    assert agreement(vectors, -flow) == pytest.approx(1 / 3)


def test_the_loaders_limit_decodes_what_a_sample_reads(benchmark, tmp_path):
    loader = benchmark('loader')
    data = loader.dataset(loader.make_originals(tmp_path, 1, 84), tmp_path / 'list.txt')
    pick = loader.pick_frames(data, 3)
    assert data[3]['inputs']['imgs'].shape == (3, len(pick.clip), 112, 112)
    assert set(pick.clip) <= set(pick.frames)
    loader.decode_frames(pick.path, pick.frames, pick.stamps)
    with pytest.raises(AssertionError, match='missed'):
        loader.decode_frames(pick.path, pick.frames, pick.stamps + 1)


def test_cpu_of_processes_counts_children_and_no_sleep(benchmark):
    count = benchmark('loader').cpu_of_processes
    busy = 'import time\nwhile time.process_time() < 0.3: pass'
    assert count(lambda: subprocess.run([sys.executable, '-I', '-c', busy], check=True)) >= 0.3
    assert count(lambda: time.sleep(0.3)) < 0.1


def test_torchcodec_is_shown_the_libraries_of_pyav_under_their_plain_names(benchmark, tmp_path):
    path = benchmark('shared_ffmpeg').search_path(tmp_path)
    if not path:
        pytest.skip('PyAV was built against the FFmpeg of the system, which torchcodec finds without help')
    bundled = Path(path.partition(':')[2])
    version = av.library_versions['libavcodec'][0]
    library = tmp_path / f'libavcodec.so.{version}'
    assert library.resolve().parent == bundled.resolve()
    assert ctypes.CDLL(str(library)).avcodec_version() >> 16 == version


def test_a_loss_that_disagrees_stops_the_benchmark(benchmark, monkeypatch):
    loss = benchmark('loss')
    query, key = torch.randn(2, 3, 4, requires_grad=True), torch.randn(2, 2, 3, 4, requires_grad=True)
    assert loss.check_agreement(query, key) < 1e-5
    monkeypatch.setitem(loss.LOSSES, 'ours', ('ours', lambda q, k: 1.001 * loss.whole_logits(q, k)))
    with pytest.raises(AssertionError, match='ours: loss differs from whole logits'):
        loss.check_agreement(query, key)


def test_the_loss_holds_at_most_its_share_of_whole_logits(benchmark):
    """The promise itself, at a quarter of the queries, by a count that is right for known temporaries."""
    loss, peak = benchmark('loss'), benchmark('peak_memory').peak_bytes
    x = torch.randn(1 << 16)  # 256 KiB
    assert peak(lambda: (x + 1) * 2, 'cpu') == pytest.approx(2 << 18, rel=0.01)
    assert peak(lambda: x.add_(1), 'cpu') < 1 << 12
    query = torch.randn(40, 49, 64, requires_grad=True)
    key = torch.randn(40, 4, 49, 64, requires_grad=True)
    held = [peak(lambda f=f: loss.with_gradients(f, query, key), 'cpu') for f in (loss.ours, loss.whole_logits)]
    assert held[0] < 0.22 * held[1]


def test_neighbours_that_differ_by_more_than_rounding_are_refused(benchmark):
    retrieval, rng = benchmark('retrieval'), np.random.default_rng(0)
    query, gallery = rng.normal(size=(3, 8)), rng.normal(size=(20, 8))
    found = nearest(query, gallery, 4)
    for select in ('argsort', 'argpartition'):
        rows = retrieval.by_matrix(query, gallery, 4, select)
        assert np.array_equal(rows, found.rows)
        retrieval.check(select, rows, query, gallery, found.similarity)
    rows[1, 2] = nearest(query, gallery, 20).rows[1, 9]
    with pytest.raises(RuntimeError, match='argpartition: a neighbour differs'):
        retrieval.check('argpartition', rows, query, gallery, found.similarity)


def test_routes_take_turns_and_a_ratio_survives_a_machine_that_slows_down(benchmark):
    side_by_side, calls = benchmark('side_by_side'), []
    routes = [side_by_side.Route(name, 'ours', lambda name=name: calls.append(name)) for name in 'ab']
    assert [len(timing.seconds) for timing in side_by_side.alternate(routes, 3, 'cpu')] == [3, 3]
    assert calls == ['a', 'b'] * 4  # after a warm-up
    slow = [1.0, 1.0, 10.0, 10.0]
    timings = [side_by_side.Timing(name, name, units, [2 * factor for factor in slow])
               for name, units in (('ours', 4.0), ('peer', 2.0))]  # fmt: skip
    assert side_by_side.ratio(timings, 'ours', 'peer') == 2
    targets = [side_by_side.Target('speed', 2.0, 1.5), side_by_side.Target('memory', 0.3, 0.22, 'at most')]
    table = side_by_side.table(side_by_side.Report('title', 'frames', 'cpu', timings, targets, ['a note']), 'peer')
    assert 'speed: 2, wanted at least 1.5: met' in table
    assert 'memory: 0.3, wanted at most 0.22: MISSED' in table
    fast = side_by_side.Timing('fast', 'ours', 12774.2, [1.0])
    assert '| fast | ours | 12,770 |' in side_by_side.table(side_by_side.Report('', 'frames', 'cpu', [fast]), 'fast')


def test_each_row_of_the_step_moves_one_lever(benchmark, repository):
    train_step, config = benchmark('train_step'), load_config(repository / 'configs/pretrain_c3d_ucf.py')
    moved = {
        name: [lever for lever, position in levers.items() if position != train_step.PLAIN[lever]]
        for name, levers in train_step.routes_of(config, 'cuda', ('backbone',)).items()
    }
    configured = ['precision', 'memory_format', 'optimizer', 'logs']
    assert moved.pop('as configured') == moved.pop(train_step.GRAPH) == configured
    assert moved.pop('as configured, both compiled') == [*configured, 'compile']
    assert moved.pop('plain') == []
    assert moved.pop('compile: backbone') == ['compile']
    assert all(levers == [name.split(':')[0]] for name, levers in moved.items())
    inputs = benchmark('synthetic_batch').synthetic_batch(config, 3, 'cpu')['inputs']
    assert (inputs['imgs'].shape, inputs['imgs'].dtype) == ((3, 3, 16, 112, 112), torch.uint8)
    assert (inputs['motion'].shape[:3], inputs['motion'].dtype) == ((3, 4, 8), torch.int16)
    assert inputs['motion_box'].shape == (3, 4, 4)


def test_one_page_of_all_benchmarks_and_none_where_one_fails(benchmark, repository, monkeypatch, tmp_path):
    run_all = benchmark('run_all')
    for name in run_all.BENCHMARKS:
        with pytest.raises(SystemExit) as caught:
            benchmark(name).main(['--help'])
        assert caught.value.code == 0
    monkeypatch.setattr(run_all, 'FOLDER', tmp_path)
    facts = dict(cpu='a CPU', cores='2', date='today', load='0.00 at the start', numpy='9.9')
    for name, code in (('extraction', 0), ('loss', 0), ('loader', 1)):
        (tmp_path / f'{name}.py').write_text(
            f'import json, sys\nout = dict(machine={facts!r}, reports=[dict(table="{name} %s" % sys.argv[3:])])\n'
            f'open(sys.argv[2], "w").write(json.dumps(out))\nsys.exit({code})\n'
        )
    page = tmp_path / 'page.md'
    with pytest.raises(SystemExit, match=r'loader\.py failed with exit code 1'):
        run_all.main(['--only', 'loader', '--out', str(page)])
    assert not page.exists()
    run_all.main(['--only', 'extraction', 'loss', '--rounds', '2', '--out', str(page)])
    text = page.read_text()
    assert text.index("extraction ['--rounds', '2']") < text.index("loss ['--rounds', '2']")
    assert 'a CPU, 2 cores; today' in text


CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
STATED = re.compile(r'^Cost: \d+ GFLOP a clip, [\d,]+ PFLOP in all, counted; not run', re.MULTILINE)


@pytest.mark.parametrize(
    'leaf',
    [
        'finetune_r3d26_hmdb', 'fast/pretrain_r3d26_ucf', 'residual/target_c3d_ucf', 'ablations/table1_convgru',
        'ablations/table6_r2plus1d26_ucf', 'protocols/few_label_1_c3d_ucf', 'mmaction2/slowonly50_ucf',
        'mmaction2/tsm50_ucf',
    ],
)  # fmt: skip
def test_the_cost_that_a_training_states_is_the_counted_one(benchmark, leaf):
    config = load_config(CONFIGS / f'{leaf}.py')
    with DefaultScope.overwrite_default_scope('mmaction'):
        counted = benchmark('leaf_cost').line(config)
    assert STATED.search((CONFIGS / f'{leaf}.py').read_text())[0] == counted


def test_every_training_states_one():
    leaves = [path for path in CONFIGS.rglob('*.py') if path.parent.name not in ('demo', 'evidence', 'own')]
    leaves = [path for path in leaves if not {'_base_', 'rivals', 'compressed'} & {*path.parts}]  # state clips
    leaves = [path for path in leaves if 'demo' not in path.stem]  # state seconds, as the demo's size allows
    trainings = [path for path in leaves if 'train_dataloader' in load_config(path)]
    assert len(trainings) == 63
    assert [path.name for path in trainings if not STATED.search(path.read_text())] == []


def test_the_chart_shows_the_figures_of_the_page(benchmark, repository, tmp_path):
    chart, results = benchmark('chart'), (repository / 'benchmarks/RESULTS.md').read_text()
    panels = chart.panels(results)
    assert [title.split()[0] for title in panels] == ['MPEG-4', 'H.264', 'Pretraining']
    for _, bars in panels.values():
        for bar in bars:
            shown = re.findall(rf'\| {re.escape(bar.name)} \| {bar.kind} \| (\S+) \|', results)
            assert bar.per_second in [float(number.replace(',', '')) for number in shown]
    chart.draw(results, tmp_path / 'speed.png')
    drawn, kept = Image.open(tmp_path / 'speed.png'), Image.open(repository / 'docs/images/speed.png')
    assert drawn.text['Description'] == kept.text['Description'] == repr(panels), 'run benchmarks/chart.py'
    assert drawn.size == kept.size
    with pytest.raises(ValueError, match='no table'):
        chart.draw('# Benchmarks\n', tmp_path / 'none.png')


def test_the_speed_tables_of_readme_and_of_the_comparison_are_those_of_the_page(benchmark, repository, tmp_path):
    speed, results = benchmark('speed_table'), (repository / 'benchmarks/RESULTS.md').read_text()
    assert [page.name for page in speed.PAGES] == ['README.md', 'compare.md']
    for page in speed.PAGES:
        assert speed.with_table(page, results) == page.read_text(), 'run benchmarks/speed_table.py'

    def rate(name, table, route):
        part = results.partition(f'\n## {name}\n')[2].partition(f'\n**{table}')[2]
        return float(re.search(rf'\| {re.escape(route)} \| \w+ \| (\S+) \|', part)[1].replace(',', ''))

    [embed] = re.findall(r'\| features, .*', (repository / 'README.md').read_text())
    assert embed.endswith(f'| {rate("embed", "", "ours") / rate("embed", "", "decord, stock pipeline"):.2f} |')
    [beside_records] = re.findall(r".* a loop over PyAV's records: .*", (repository / 'docs/compare.md').read_text())
    times = rate('extraction', 'MPEG-4', 'ours, vectors + I-frames') / rate('extraction', 'MPEG-4', 'PyAV, records')
    assert beside_records.endswith(f'| {times:.2f} |')
    with pytest.raises(ValueError, match='no route'):
        speed.table(results.replace('| fast recipe, bf16 |', '| another |'), speed.README_LINES)
    (tmp_path / 'page.md').write_text('# cmvl_mm\n')
    with pytest.raises(ValueError, match='marks'):
        speed.with_table(tmp_path / 'page.md', results)


def test_the_plan_s_tables_are_of_today_s_rates(benchmark, repository):
    plan = benchmark('plan')
    page, results = ((repository / name).read_text() for name in ('docs/planning.md', 'benchmarks/RESULTS.md'))
    assert plan.with_tables(page, results) == page, 'run benchmarks/plan.py'
    assert '| embed, a clip of ten seconds | 10 | embed, on two cores | 1 | 27,800 core-hours | 1,110 |' in plan.work(
        re.sub(r'(?s)(## embed\n.*?\| ours \| ours \|) \S+', r'\1 20', results), 1e9
    )  # 1e9 / 10 / 3600, at $0.04
    assert '1.2 cores of the loader' in plan.machines(
        re.sub(r'(\| ours, of videos prepared small \| ours \|) \S+', r'\1 160', results), 1e9
    )  # 192 / 160
    with pytest.raises(ValueError, match='marks'):
        plan.with_tables('# A plan\n', results)


def test_long_lists_are_made_and_looked_at(benchmark, tmp_path):
    lists = benchmark('long_lists')
    path = lists.make_list(tmp_path, 3000)
    assert len(lists.opened(path)) == 3000
    for name, step in lists.STEPS.items():
        if 'workers' not in name:
            assert all(seconds >= 0 for seconds in step(path).values())


def test_the_peak_of_a_process_is_not_that_of_the_one_that_starts_it(benchmark, tmp_path):
    [video] = benchmark('material').make_h264(tmp_path, 1, 14)
    small = 400 * 2**20
    held = np.ones(small, np.uint8)  # touched, so that this process is larger
    assert 20 * 2**20 < benchmark('long_video').fresh_peak(video, 1) < held.nbytes


def test_a_tree_of_processes_is_measured_with_its_grandchildren(benchmark, tmp_path):
    tree = benchmark('process_tree')
    held = (
        'import time; held = bytearray(100 * 2**20); end = time.process_time() + 0.3\n'
        'while time.process_time() < end: pass\n'
        'time.sleep(1.5)'
    )
    start = (  # and leaves it unwaited for a while when it has ended
        'import os, subprocess, sys, time; child = subprocess.Popen([sys.executable, "-I", "-c", sys.argv[1]])\n'
        'os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT); time.sleep(0.6); child.wait()'
    )
    words = [sys.executable, '-I', '-c', start]
    taken = tree.taken_by([*words, held], {}, tmp_path / 'log')
    assert 0 < taken.main < 50 * 2**20 < 100 * 2**20 < taken.largest < taken.together < 200 * 2**20
    assert taken.cpu > 0.2
    with pytest.raises(RuntimeError, match=r'exit code 1: (?s:.*)NameError'):
        tree.taken_by([sys.executable, '-I', '-c', 'nothing'], {}, tmp_path / 'log')
