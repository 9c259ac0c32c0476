"""bf16 forward passes with fp32 weights, gradients and losses, and no scaler in the checkpoint."""

import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

import cmvl_mm.register  # noqa: F401
from cmvl_mm.models.losses import info_nce


def test_forward_is_bf16_and_everything_kept_is_fp32():
    model = nn.Linear(8, 4)
    config = dict(type='BFloat16OptimWrapper', optimizer=dict(type='SGD', lr=0.1), clip_grad=dict(max_norm=1.0))
    wrapper = build_optim_wrapper(model, config)
    x = torch.randn(6, 8)
    with wrapper.optim_context(model):
        embedding = model(x)
        loss, _ = info_nce(embedding, embedding.detach() + 0.1, 0.1)
    assert embedding.dtype == torch.bfloat16
    assert loss.dtype == torch.float32
    before = model.weight.detach().clone()
    wrapper.update_params(loss)
    assert model.weight.grad.dtype == model.weight.dtype == torch.float32
    assert not torch.equal(model.weight, before)
    assert set(wrapper.state_dict()) == {'state', 'param_groups'} | (
        {'base_param_settings'} & set(wrapper.state_dict())
    )
