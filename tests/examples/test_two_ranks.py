"""On two processes, each example trains on every video of its list once an epoch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RANKS = Path(__file__).with_name('ranks.py')


@pytest.mark.slow
@pytest.mark.parametrize('name', ['with_accelerate', 'with_lightning'])
def test_two_ranks_share_the_list(name, controlled_set, tmp_path):
    torchrun = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node=2']
    outcome = subprocess.run(
        [*torchrun, str(RANKS), name, str(controlled_set), str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | dict(OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='', ACCELERATE_USE_CPU='true'),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout[-2000:] + outcome.stderr[-4000:]
    ranks = [json.loads((tmp_path / f'{rank}.json').read_text()) for rank in range(2)]
    listed = [line.split()[0] for line in (controlled_set / 'train.txt').read_text().splitlines()]
    assert [len(read) for read in ranks] == [len(listed)] * 2  # half of the list in each of two epochs
    for epoch in range(2):
        shares = [[path for path, read_in in read if read_in == epoch] for read in ranks]
        assert sorted(shares[0] + shares[1]) == sorted(listed), f'epoch {epoch}: {shares}'
