"""The pointwise loss against its usual implementations: same numbers, less memory, no more time.

    python benchmarks/loss.py    # 3136 queries, 12544 keys, 512 channels: the paper's, 64 videos

Each route takes query (B, N, D) and key (B, K, N, D) and gives the loss and both gradients; all must agree before any
timing. The limit is a plain matrix product with as many operations, 6 P K C. Memory is the peak of one call beyond its
arguments, including normalised rows and gradients: see peak_memory.py.
"""

import argparse
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from peak_memory import peak_bytes
from side_by_side import Report, Role, Route, Target, add_arguments, alternate, machine, publish, ratio
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from cmvl_mm.models.losses import ROWS_PER_CHUNK, pointwise_info_nce

TEMPERATURE = 0.1
MEMORY_BOUND = 0.22  # share of the naive peak
TIME_BOUND = 1.0  # share of the naive time
Loss = Callable[[Tensor, Tensor], Tensor]


def rows_of(query: Tensor, key: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """-> unit queries (P, D), unit keys (M, D), the position of each query's own key (P,)."""
    videos, windows, points, _ = key.shape
    video = torch.arange(videos, device=key.device)[:, None]
    own = video * windows * points + torch.arange(points, device=key.device)
    return F.normalize(query, dim=-1).flatten(0, 1), F.normalize(key, dim=-1).flatten(0, 2), own.flatten()


def ours(query: Tensor, key: Tensor) -> Tensor:
    return pointwise_info_nce(query, key, TEMPERATURE)[0]


def whole_logits(query: Tensor, key: Tensor) -> Tensor:
    queries, keys, own = rows_of(query, key)
    return F.cross_entropy(queries @ keys.T / TEMPERATURE, own)


def checkpointed_rows(query: Tensor, key: Tensor) -> Tensor:
    """Chunks of rows whose logits are computed again in the backward pass."""
    queries, keys, own = rows_of(query, key)

    def chunk(q: Tensor, k: Tensor, positive: Tensor) -> Tensor:
        return F.cross_entropy(q @ k.T / TEMPERATURE, positive, reduction='sum')

    parts = [
        checkpoint(chunk, q, keys, positive, use_reentrant=False)
        for q, positive in zip(queries.split(ROWS_PER_CHUNK), own.split(ROWS_PER_CHUNK), strict=True)
    ]
    return torch.stack(parts).sum() / len(own)


LOSSES: dict[str, tuple[Role, Loss]] = {
    'ours': ('ours', ours),
    'whole logits': ('peer', whole_logits),
    'checkpointed rows': ('peer', checkpointed_rows),
}


def with_gradients(loss: Loss, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    value = loss(query, key)
    return value.detach(), *torch.autograd.grad(value, (query, key))


def check_agreement(query: Tensor, key: Tensor, bound: float = 1e-5) -> float:
    """The largest difference of any route's loss or gradient from whole logits, relative to the largest value.

    Raises:
        AssertionError: the difference is above `bound`.
    """
    expected = with_gradients(whole_logits, query, key)
    worst = 0.0
    for name, (_, loss) in LOSSES.items():
        for what, mine, theirs in zip(
            ('loss', 'query gradient', 'key gradient'), with_gradients(loss, query, key), expected, strict=True
        ):
            apart = float((mine - theirs).abs().max() / theirs.abs().max())
            if not apart <= bound:
                raise AssertionError(f'{name}: {what} differs from whole logits by {apart:.1e}')
            worst = max(worst, apart)
    return worst


def measure(query: Tensor, key: Tensor, rounds: int) -> Report:
    """Measure all routes and check the targets of ours."""
    device = query.device.type
    apart = check_agreement(query, key)
    peaks = {
        name: peak_bytes(partial(with_gradients, loss, query, key), device) / 2**20
        for name, (_, loss) in LOSSES.items()
    }
    queries, keys, _ = (x.detach() for x in rows_of(query, key))
    product = torch.empty(len(queries), len(keys), device=device)

    def limit() -> None:
        for _ in range(3):  # 2 P K C each
            torch.mm(queries, keys.T, out=product)

    def finished(run: Callable[[], object]) -> Callable[[], None]:
        def call() -> None:
            run()
            if device == 'cuda':
                torch.cuda.synchronize()

        return call

    routes = [
        Route(name, role, finished(partial(with_gradients, loss, query, key))) for name, (role, loss) in LOSSES.items()
    ]
    routes.append(Route('3 matrix products', 'limit', finished(limit)))
    timings = alternate(routes, rounds, 'wall' if device == 'cuda' else 'cpu')
    naive = 'whole logits'
    return Report(
        title=f'{len(queries)} queries x {len(keys)} keys x {queries.shape[1]} channels, {device}, '
        f'{torch.get_num_threads()} threads',
        unit='losses',
        clock='wall' if device == 'cuda' else 'cpu',
        timings=timings,
        targets=[
            Target('peak memory of whole logits', peaks['ours'] / peaks[naive], MEMORY_BOUND, 'at most'),
            Target('time of whole logits', 1 / ratio(timings, 'ours', naive), TIME_BOUND, 'at most'),
        ],
        notes=[
            *(f'{name}: peak of {peak:.1f} MiB, {peak / peaks[naive]:.3f} of {naive}' for name, peak in peaks.items()),
            f'loss and gradients agree to {apart:.0e}',
        ],
    )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, rounds=5)
    parser.add_argument('--videos', type=int, default=64)
    parser.add_argument('--windows', type=int, default=4, help='per video, the true future and the hard negatives')
    parser.add_argument('--points', type=int, default=49)
    parser.add_argument('--channels', type=int, default=512)
    args = parser.parse_args(argv)
    facts = machine()
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    torch.manual_seed(0)
    query = torch.randn(args.videos, args.points, args.channels, device=device, requires_grad=True)
    key = torch.randn(args.videos, args.windows, args.points, args.channels, device=device, requires_grad=True)
    publish([measure(query, key, args.rounds)], ['whole logits'], facts, args.json)


if __name__ == '__main__':
    main()
