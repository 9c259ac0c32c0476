"""bf16 forward passes with fp32 weights, gradients and losses, and no scaler in the checkpoint."""

import torch
from mmaction.registry import OPTIM_WRAPPERS
from torch import nn

import cmvl_mm.register  # noqa: F401
from cmvl_mm.models.losses import info_nce


def test_forward_is_bf16_and_everything_kept_is_fp32():
    model = nn.Linear(8, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    wrapper = OPTIM_WRAPPERS.build(dict(type='BFloat16OptimWrapper', optimizer=optimizer, clip_grad=dict(max_norm=1.0)))
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
