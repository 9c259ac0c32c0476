"""InfoNCE against a naive double loop, closed forms, numerical gradients, and two processes against one."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from cmvl_mm.models.losses import InfoNCELoss, PointwiseInfoNCELoss, info_nce, pointwise_info_nce


def naive(query: Tensor, key: Tensor, temperature: float) -> tuple[Tensor, list[bool]]:
    """Eq. (2), one query and one key at a time. query (B, N, D), key (B, K, N, D)."""
    losses, hits = [], []
    keys = [
        (video, window, point, key[video, window, point])
        for video in range(key.shape[0])
        for window in range(key.shape[1])
        for point in range(key.shape[2])
    ]
    for video in range(query.shape[0]):
        for point in range(query.shape[1]):
            q = query[video, point] / query[video, point].norm()
            similarities = [q @ k / k.norm() / temperature for _, _, _, k in keys]
            own = next(similarities[i] for i, (*place, _) in enumerate(keys) if place == [video, 0, point])
            losses.append(torch.stack(similarities).logsumexp(0) - own)
            hits.append(bool(own >= max(similarities)))
    return torch.stack(losses).mean(), hits


def random_pair(videos: int, windows: int, points: int, channels: int, dtype=torch.float64) -> tuple[Tensor, Tensor]:
    query = torch.randn(videos, points, channels, dtype=dtype, requires_grad=True)
    key = torch.randn(videos, windows, points, channels, dtype=dtype, requires_grad=True)
    return query, key


@pytest.mark.parametrize('rows_per_chunk', [1, 3, 5, 1000])
@pytest.mark.parametrize('shape', [(2, 4, 3, 5), (5, 1, 1, 3), (1, 3, 4, 2), (1, 1, 1, 2)])
def test_value_hits_and_gradients_are_those_of_the_double_loop(shape, rows_per_chunk):
    query, key = random_pair(*shape)
    expected, expected_hits = naive(query, key, 0.1)
    expected_gradients = torch.autograd.grad(expected, (query, key))
    loss, hits = pointwise_info_nce(query, key, 0.1, rows_per_chunk=rows_per_chunk)
    gradients = torch.autograd.grad(loss, (query, key))
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradients, expected_gradients, rtol=1e-12, atol=1e-12)
    assert hits.flatten().tolist() == expected_hits


def whole_logits(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """Eq. (2) as everybody first writes it: one matrix of logits and cross-entropy."""
    queries, keys = (F.normalize(x, dim=-1).flatten(0, -2) for x in (query, key))
    own = torch.arange(len(query))[:, None] * key.shape[1] * key.shape[2] + torch.arange(key.shape[2])
    return F.cross_entropy(queries @ keys.T / temperature, own.flatten())


def relative_error(result: Tensor, exact: Tensor) -> float:
    """Largest difference beside the largest value."""
    return float((result.detach().double() - exact).abs().max() / exact.detach().abs().max())


@pytest.mark.parametrize('temperature', [0.01, 0.1])
def test_hundred_random_shapes_against_double_precision(temperature):
    generator = torch.Generator().manual_seed(0)
    ranges = ((2, 9), (1, 5), (1, 12), (8, 40))
    for _ in range(100):
        videos, windows, points, channels = (
            int(torch.randint(low, high, (), generator=generator)) for low, high in ranges
        )
        chunk = int(
            torch.randint(1, 50, (), generator=generator)
        )  # divides hardly any of them, and is larger than some
        double = random_pair(videos, windows, points, channels)
        exact = whole_logits(*double, temperature)
        exact_gradients = torch.autograd.grad(exact, double)
        # a single-precision logit is as large as 1 / temperature, and its rounding error with it
        for dtype, loss_bound, gradient_bound in ((torch.float64, 1e-12, 1e-12), (torch.float32, 1e-6, 1e-5)):
            query, key = (x.detach().to(dtype).requires_grad_() for x in double)
            loss, _ = pointwise_info_nce(query, key, temperature, rows_per_chunk=chunk)
            expected = whole_logits(query.detach().double(), key.detach().double(), temperature)
            assert relative_error(loss, expected) < loss_bound
            for gradient, exact_gradient in zip(torch.autograd.grad(loss, (query, key)), exact_gradients, strict=True):
                assert relative_error(gradient, exact_gradient) < gradient_bound


def test_numerical_gradients():
    query, key = random_pair(2, 2, 3, 4)
    assert torch.autograd.gradcheck(lambda q, k: pointwise_info_nce(q, k, 0.5, rows_per_chunk=4)[0], (query, key))
    assert torch.autograd.gradcheck(lambda q, k: info_nce(q, k, 0.5)[0], (query[:, 0], key[:, 0, 0]))


def test_videos_without_a_future_neither_ask_nor_answer():
    query, key = random_pair(4, 3, 5, 6)
    valid = torch.tensor([True, False, True, True])
    expected, expected_hits = pointwise_info_nce(query[valid], key[valid], 0.1)
    loss, hits = pointwise_info_nce(query, key, 0.1, valid=valid)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
    assert torch.equal(hits[valid], expected_hits)
    assert not hits[1].any()
    gradients = torch.autograd.grad(loss, (query, key))
    assert not any(gradient[1].any() for gradient in gradients)
    everyone = pointwise_info_nce(query, key, 0.1, valid=torch.ones(4, dtype=torch.bool))
    assert all(torch.equal(*pair) for pair in zip(everyone, pointwise_info_nce(query, key, 0.1), strict=True))
    nothing, _ = pointwise_info_nce(query, key, 0.1, valid=torch.zeros(4, dtype=torch.bool))
    assert nothing.item() == 0
    nothing.backward()
    assert not query.grad.any()
    assert not key.grad.any()


def test_uniform_similarities_cost_log_of_the_number_of_keys_and_score_nothing():
    loss, hits = pointwise_info_nce(torch.ones(3, 5, 8), torch.ones(3, 4, 5, 8), 0.1)
    assert loss.item() == pytest.approx(math.log(3 * 4 * 5), rel=1e-6)
    assert not hits.any()  # a collapsed network has learned nothing


def test_perfect_matches_among_orthogonal_keys():
    key = torch.eye(24).view(2, 3, 4, 24)  # 24 orthogonal keys
    loss, hits = pointwise_info_nce(key[:, 0] * 7, key, 0.1)  # lengths do not matter
    assert loss.item() == pytest.approx(math.log1p(23 * math.exp(-1 / 0.1)), rel=1e-3)
    assert hits.all()


def test_random_embeddings_score_one_over_the_number_of_keys():
    query, key = random_pair(16, 4, 36, 32, dtype=torch.float32)
    _, hits = pointwise_info_nce(query, key, 0.1)
    assert hits.float().mean() < 6 / key[..., 0].numel()


def test_only_window_0_is_positive_and_the_others_are_negatives():
    query, key = random_pair(2, 3, 4, 8)
    hard = key.detach().clone()
    hard[:, 2] = query.detach()  # a hard negative that looks exactly like the prediction
    assert pointwise_info_nce(query, hard, 0.1)[0] > pointwise_info_nce(query, key, 0.1)[0] + 1
    own = key.detach().clone()
    own[:, 0] = query.detach()
    assert pointwise_info_nce(query, own, 0.1)[0] < 0.1


def test_one_point_and_one_window_is_info_nce():
    query, key = random_pair(6, 1, 1, 8)
    pointwise = PointwiseInfoNCELoss(temperature=0.2)(query, key)
    clipwise = InfoNCELoss(temperature=0.2)(query[:, 0], key[:, 0, 0])
    torch.testing.assert_close(pointwise, clipwise)
    expected = F.cross_entropy(
        F.normalize(query[:, 0], dim=1) @ F.normalize(key[:, 0, 0], dim=1).T / 0.2, torch.arange(6)
    )
    torch.testing.assert_close(clipwise, expected)


def test_autocast_keeps_the_loss_in_single_precision():
    query, key = random_pair(2, 2, 5, 16, dtype=torch.float32)
    expected, _ = pointwise_info_nce(query, key, 0.1)
    with torch.autocast('cpu', torch.bfloat16):
        loss, _ = pointwise_info_nce(query, key, 0.1)
    assert torch.equal(loss, expected)
    rounded, _ = pointwise_info_nce(query.bfloat16(), key.bfloat16(), 0.1)
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, expected, rtol=0.05, atol=0.05)
    rounded.backward()
    assert query.grad.dtype == torch.float32


def test_no_gradient_work_when_nobody_asks(monkeypatch):
    query, key = random_pair(2, 2, 3, 4)
    forms_gradients = []
    original = Tensor.addmm_
    monkeypatch.setattr(Tensor, 'addmm_', lambda *args, **kw: forms_gradients.append(1) or original(*args, **kw))
    with torch.no_grad():
        pointwise_info_nce(query, key, 0.1)
    pointwise_info_nce(query.detach(), key.detach(), 0.1)
    assert not forms_gradients
    pointwise_info_nce(query, key.detach(), 0.1)
    assert forms_gradients


class LargestTensor(TorchDispatchMode):
    """Notes the most values that any operation's result had."""

    values = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        tensors = [x for x in (result if isinstance(result, tuple | list) else [result]) if isinstance(x, Tensor)]
        self.values = max([self.values, *(x.numel() for x in tensors)])
        return result


def test_the_logits_never_exist_whole():
    query, key = random_pair(3, 2, 100, 4)  # 300 queries, 600 keys
    with LargestTensor() as largest:
        pointwise_info_nce(query, key, 0.1)[0].backward()
    assert largest.values == 256 * 600
    with LargestTensor() as largest:
        whole_logits(query, key, 0.1).backward()
    assert largest.values == 300 * 600


@pytest.mark.parametrize('temperature', [0, -0.1, float('nan')])
def test_a_temperature_that_is_not_positive_is_refused(temperature):
    for make in (InfoNCELoss, PointwiseInfoNCELoss):
        with pytest.raises(ValueError, match='temperature must be > 0'):
            make(temperature=temperature)
    with pytest.raises(ValueError, match='temperature must be > 0'):
        pointwise_info_nce(*random_pair(1, 1, 1, 2), temperature)


def test_modules_hand_every_setting_to_the_function(monkeypatch):
    query, key = random_pair(3, 2, 4, 8)
    valid = torch.tensor([True, False, True])
    asked = []
    monkeypatch.setattr('cmvl_mm.models.losses.gather_rows', lambda x, gradient='exact': asked.append(gradient) or x)
    loss, hits = PointwiseInfoNCELoss(temperature=0.3, key_gradient='per_rank', rows_per_chunk=5).with_hits(
        query, key, valid
    )
    clip_loss, clip_hits = InfoNCELoss(temperature=0.3, key_gradient='per_rank').with_hits(query[:, 0], key[:, 0, 0])
    assert asked == ['per_rank', 'exact', 'per_rank']  # keys, who is valid, keys
    expected = pointwise_info_nce(query, key, 0.3, valid=valid, rows_per_chunk=5)
    assert (torch.equal(loss, expected[0]), torch.equal(hits, expected[1])) == (True, True)
    assert torch.equal(PointwiseInfoNCELoss(temperature=0.3, rows_per_chunk=5)(query, key, valid), loss)
    expected = info_nce(query[:, 0], key[:, 0, 0], 0.3)
    assert (torch.equal(clip_loss, expected[0]), torch.equal(clip_hits, expected[1])) == (True, True)


def test_settings_that_make_no_sense_are_refused():
    for make in (InfoNCELoss, PointwiseInfoNCELoss):
        with pytest.raises(ValueError, match="key_gradient='none' is unknown"):
            make(key_gradient='none')
    with pytest.raises(ValueError, match='rows_per_chunk must be at least 1, got 0'):
        PointwiseInfoNCELoss(rows_per_chunk=0)


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match='query'):
        pointwise_info_nce(torch.zeros(2, 3, 4), torch.zeros(2, 1, 5, 4), 0.1)
    with pytest.raises(ValueError, match='query'):
        info_nce(torch.zeros(2, 4), torch.zeros(3, 4), 0.1)


def test_one_process_knows_one_key_gradient_and_refuses_others():
    query, key = random_pair(2, 2, 3, 4)
    exact, per_rank = (
        torch.autograd.grad(pointwise_info_nce(query, key, 0.1, key_gradient=how)[0], (query, key))
        for how in ('exact', 'per_rank')
    )
    torch.testing.assert_close(exact, per_rank, rtol=0, atol=0)
    with pytest.raises(ValueError, match="'none' is unknown"):
        pointwise_info_nce(query, key, 0.1, key_gradient='none')


def losses_of_one_rank(rank: int, query: Tensor, key: Tensor) -> dict[str, Tensor]:
    """What a rank sees of the joined batch: its half of the videos."""
    half = slice(2 * rank, 2 * rank + 2)
    q, k = query[half].clone().requires_grad_(), key[half].clone().requires_grad_()
    loss, hits = pointwise_info_nce(q, k, 0.1, rows_per_chunk=4)
    clip_loss, _ = info_nce(q[:, 0], k[:, 0, 0], 0.1)
    # one valid video on rank 0, none on rank 1
    masked, _ = pointwise_info_nce(q, k, 0.1, valid=torch.tensor([False, rank == 0]))
    released, _ = pointwise_info_nce(q, k, 0.1, key_gradient='per_rank')
    released_clip, _ = info_nce(q[:, 0], k[:, 0, 0], 0.1, key_gradient='per_rank')
    per_rank = torch.autograd.grad(released + 3 * released_clip, (q, k))
    (loss + 3 * clip_loss + 5 * masked).backward()
    # what DistributedDataParallel does to parameters, whose gradients are sums over the batch
    return dict(
        loss=loss.detach(),
        clip=clip_loss.detach(),
        masked=masked.detach(),
        hits=hits,
        query=q.grad / 2,
        key=k.grad / 2,
        per_rank_query=per_rank[0] / 2,
        per_rank_key=per_rank[1] / 2,
    )


@pytest.mark.slow
def test_two_processes_equal_one_in_value_and_every_gradient(run_ranks):
    query, key = random_pair(4, 3, 5, 6)
    ranks = run_ranks(losses_of_one_rank, query.detach(), key.detach())
    loss, hits = pointwise_info_nce(query, key, 0.1)
    clip_loss, _ = info_nce(query[:, 0], key[:, 0, 0], 0.1)
    masked, _ = pointwise_info_nce(query, key, 0.1, valid=torch.tensor([False, True, False, False]))
    unmasked = torch.autograd.grad(loss + 3 * clip_loss, (query, key), retain_graph=True)
    (loss + 3 * clip_loss + 5 * masked).backward()
    close = dict(rtol=1e-12, atol=1e-14)
    for rank in ranks:
        torch.testing.assert_close(rank['loss'], loss.detach(), **close)
        torch.testing.assert_close(rank['clip'], clip_loss.detach(), **close)
        torch.testing.assert_close(rank['masked'], masked.detach(), **close)
    assert torch.equal(torch.cat([rank['hits'] for rank in ranks]), hits)
    torch.testing.assert_close(torch.cat([rank['query'] for rank in ranks]), query.grad, **close)
    torch.testing.assert_close(torch.cat([rank['key'] for rank in ranks]), key.grad, **close)
    # the released way: the same queries' gradients, and 1 / W of the keys'
    torch.testing.assert_close(torch.cat([rank['per_rank_query'] for rank in ranks]), unmasked[0], **close)
    torch.testing.assert_close(torch.cat([rank['per_rank_key'] for rank in ranks]), unmasked[1] / 2, **close)
