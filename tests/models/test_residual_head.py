"""The third pretext task: its loss is eq. (2) on residual maps, its networks are its own."""

import pytest
import torch
from joined_batch import SMALL, batch, tiny, total
from test_losses import naive

from cmvl_mm.models.predictors import TransformerPredictor
from cmvl_mm.models.residual_head import ResidualInfoNCEHead
from cmvl_mm.models.resnet import VideoResNet


def residual_head(**changes) -> ResidualInfoNCEHead:
    predictor = TransformerPredictor(
        in_channels=32, memory_size=(2, 4, 4), query_size=(1, 2, 2), width=16, ffn_width=16, num_heads=2, dropout=0.0
    )
    r_network = VideoResNet(
        block='basic', depths=(1, 1, 1, 1), width=4, in_channels=2, stem_stride=(1, 1, 1), stem_pool='none'
    )
    return ResidualInfoNCEHead(predictor=predictor, r_network=r_network, **SMALL | changes)


def test_the_loss_is_the_naive_double_loop_on_the_r_networks_keys():
    """Window 0 of the own video is right; all points of all windows of all videos are wrong."""
    head = residual_head(loss_weight=0.25).eval().double()
    video_map = torch.randn(2, 32, 2, 4, 4, dtype=torch.float64)
    residual = torch.rand(2, 4, 2, 8, 16, 16, dtype=torch.float64)
    assert 'm_network' not in dict(head.named_children())
    keys = torch.stack(
        [
            torch.stack([head.key_projection(head.r_network(window[None])[0].flatten(1).T) for window in video])
            for video in residual
        ]
    )  # (B, K, N, D)
    queries = torch.stack([head.query_projection(head.predictor(one[None])[0].flatten(1).T) for one in video_map])
    expected, hits = naive(queries, keys, 0.1)
    losses = head.loss(video_map, residual)
    assert losses.keys() == {'loss_residual', 'acc_residual'}
    torch.testing.assert_close(losses['loss_residual'], 0.25 * expected)
    assert losses['acc_residual'] == pytest.approx(sum(hits) / len(hits))


def test_three_pretext_losses_add_up_and_each_trains_its_own_networks():
    model = tiny('context', 'motion')
    model.residual_head = residual_head(loss_weight=0.25)
    inputs, _ = batch()
    with pytest.raises(ValueError, match=r"residual_head needs inputs\['residual'\].*Remedy"):
        model(inputs, mode='loss')
    inputs['residual'] = torch.rand(4, 4, 2, 8, 16, 16)
    model.eval()
    fused = model.neck(model.backbone(inputs['imgs']))
    parts = [
        model.context_head.loss(fused, inputs['iframe'])['loss_context'],
        model.motion_head.loss(fused, inputs['motion'])['loss_motion'],
        model.residual_head.loss(fused, inputs['residual'])['loss_residual'],
    ]
    losses = model(inputs, mode='loss')
    summed, _ = model.parse_losses(losses)
    torch.testing.assert_close(summed, parts[0] + parts[1] + parts[2])
    torch.testing.assert_close(total(losses), summed)
    model.zero_grad()
    losses['loss_residual'].backward()
    reached = {'.'.join(name.split('.')[:2]) for name, p in model.named_parameters() if p.grad is not None}
    own = {name for name in reached if not name.startswith('backbone.')}
    assert own == {f'residual_head.{p}' for p in ('r_network', 'predictor', 'query_projection', 'key_projection')}
    assert own < reached  # the V-Network learns from it


def test_a_video_that_ends_before_its_window_has_no_say():
    model = tiny()
    model.residual_head = residual_head()
    inputs, _ = batch()
    inputs = dict(
        imgs=inputs['imgs'], residual=torch.rand(4, 4, 2, 8, 16, 16), motion_valid=torch.tensor([1, 1, 0, 1]) > 0
    )
    loss = model.eval()(inputs, mode='loss')['loss_residual']
    kept = {name: value[[0, 1, 3]] for name, value in inputs.items()}
    torch.testing.assert_close(model(kept, mode='loss')['loss_residual'], loss)


def test_messages_name_the_residual_head():
    with pytest.raises(ValueError, match=r'^model\.residual_head: the predictor gives .* r_network gives \(1, 3, 3\)'):
        residual_head().embed(torch.randn(1, 32, 2, 4, 4), torch.rand(1, 4, 2, 8, 24, 24))
