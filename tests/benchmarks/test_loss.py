"""The loss benchmark runs, its routes agree, and its memory is counted right."""

import json

import pytest
import torch


def test_a_small_run_reports_both_targets(load_benchmark, tmp_path, capsys):
    sizes = ['--videos', '8', '--windows', '2', '--points', '9', '--channels', '16']
    load_benchmark('loss').main([*sizes, '--rounds', '1', '--json', str(tmp_path / 'loss.json')])
    assert 'peak memory of whole logits' in capsys.readouterr().out
    (report,) = json.loads((tmp_path / 'loss.json').read_text())['reports']
    assert report['title'].startswith('72 queries x 144 keys x 16 channels')
    assert [timing['name'] for timing in report['timings']] == [
        'ours', 'whole logits', 'checkpointed rows', '3 matrix products',
    ]  # fmt: skip
    assert {target['bound'] for target in report['targets']} == {0.22, 1.0}


def test_a_route_that_disagrees_stops_it(load_benchmark, monkeypatch):
    loss = load_benchmark('loss')
    query, key = torch.randn(2, 3, 4, requires_grad=True), torch.randn(2, 2, 3, 4, requires_grad=True)
    assert loss.check_agreement(query, key) < 1e-5
    monkeypatch.setitem(loss.LOSSES, 'ours', ('ours', lambda q, k: 1.001 * loss.whole_logits(q, k)))
    with pytest.raises(AssertionError, match='ours: loss is'):
        loss.check_agreement(query, key)


def test_the_peak_counts_temporaries_and_not_what_was_there(load_benchmark):
    peak = load_benchmark('peak_memory').peak_bytes
    x = torch.randn(1 << 16)  # 256 KiB
    assert peak(lambda: x + 1, 'cpu') == pytest.approx(1 << 18, rel=0.01)
    assert peak(lambda: (x + 1) * 2, 'cpu') == pytest.approx(2 << 18, rel=0.01)
    assert peak(lambda: x.add_(1), 'cpu') < 1 << 12


def test_the_loss_holds_at_most_its_share_of_whole_logits(load_benchmark):
    """The promise itself, at a quarter of the queries."""
    loss, peak = load_benchmark('loss'), load_benchmark('peak_memory').peak_bytes
    query = torch.randn(40, 49, 64, requires_grad=True)
    key = torch.randn(40, 4, 49, 64, requires_grad=True)
    held = [peak(lambda f=f: loss.with_gradients(f, query, key), 'cpu') for f in (loss.ours, loss.whole_logits)]
    assert held[0] < 0.22 * held[1]
