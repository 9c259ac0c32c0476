"""bf16 forward passes with fp32 weights, gradients and losses, and no scaler in the checkpoint."""

import pytest
import torch
from mmaction.registry import OPTIM_WRAPPERS
from torch import nn

import cmvl_mm.register  # noqa: F401
from cmvl_mm.models.losses import info_nce


def test_forward_is_bf16_and_everything_kept_is_fp32():
    model = nn.Linear(8, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    wrapper = OPTIM_WRAPPERS.build(dict(type='StepOptimWrapper', optimizer=optimizer, clip_grad=dict(max_norm=1.0)))
    x = torch.randn(6, 8)
    with wrapper.optim_context(model):
        embedding = model(x)
        loss, _ = info_nce(embedding, embedding.detach() + 0.1, 0.1)
    assert embedding.dtype == torch.bfloat16
    assert loss.dtype == torch.float32
    before = model.weight.detach().clone()
    wrapper.update_params(loss)
    assert model.weight.dtype == torch.float32
    assert not torch.equal(model.weight, before)
    assert 'loss_scaler' not in wrapper.state_dict()


def test_fp32_and_a_kept_norm():
    model = nn.Linear(8, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    wrapper = OPTIM_WRAPPERS.build(
        dict(
            type='StepOptimWrapper',
            optimizer=optimizer,
            clip_grad=dict(max_norm=1e-3),
            precision='fp32',
            grad_norm='kept',
        )
    )
    with wrapper.optim_context(model):
        output = model(torch.randn(6, 8))
    assert output.dtype == torch.float32
    loss = output.square().sum()
    expected = torch.stack([grad.norm() for grad in torch.autograd.grad(loss, model.parameters(), retain_graph=True)])
    wrapper.zero_grad = lambda: None  # to look at what was clipped
    wrapper.update_params(loss)
    torch.testing.assert_close(wrapper.grad_norm, expected.norm())
    clipped = torch.stack([parameter.grad.norm() for parameter in model.parameters()]).norm()
    assert clipped.item() == pytest.approx(1e-3, rel=1e-3)


def test_misspelt_positions_are_refused():
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
    for option, value in (('precision', 'fp16'), ('grad_norm', 'deferred')):
        with pytest.raises(ValueError, match=f"{option}='{value}' is unknown"):
            OPTIM_WRAPPERS.build({'type': 'StepOptimWrapper', 'optimizer': optimizer, option: value})
