"""An element's average must not depend on where DDP puts it in a bucket."""

import multiprocessing
from types import SimpleNamespace

import torch
import torch.distributed as dist

from cmvl_mm.engine.rank_order import mean_in_rank_order

RANKS, SIZE = 3, 1000


def gradients(rank: int) -> torch.Tensor:
    return torch.randn(SIZE, generator=torch.Generator().manual_seed(rank)) * 10.0 ** torch.arange(SIZE).remainder(5)


def in_two_layouts(rank: int, address: str, found) -> None:
    """Averages by our hook and by gloo's all-reduce, of a bucket as it is and of one turned round."""
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=address, rank=rank, world_size=RANKS)
    means = {}
    for layout, turn in (('forward', lambda x: x), ('backward', lambda x: x.flip(0))):
        bucket = turn(gradients(rank)).contiguous()
        hooked = mean_in_rank_order(None, SimpleNamespace(buffer=bucket.clone)).wait()
        dist.all_reduce(bucket)
        means[layout] = turn(hooked).numpy().copy(), turn(bucket / RANKS).numpy().copy()
    found.put((rank, means))
    dist.destroy_process_group()


def test_the_average_is_the_same_in_any_place_of_a_bucket(tmp_path):
    fork = multiprocessing.get_context('fork')
    found = fork.Queue()
    ranks = [fork.Process(target=in_two_layouts, args=(r, f'file://{tmp_path}/store', found)) for r in range(RANKS)]
    for rank in ranks:
        rank.start()
    means = dict(found.get(timeout=60) for _ in ranks)
    for rank in ranks:
        rank.join(timeout=30)
    ours = [means[rank][layout][0] for rank in range(RANKS) for layout in ('forward', 'backward')]
    assert all((mean == ours[0]).all() for mean in ours)
    exact = sum(gradients(rank).double() for rank in range(RANKS)) / RANKS
    torch.testing.assert_close(torch.from_numpy(ours[0]), exact.float(), rtol=1e-5, atol=1e-3)
    theirs = [means[0][layout][1] for layout in ('forward', 'backward')]
    assert (theirs[0] != theirs[1]).any()  # else there is nothing to mend
