"""The Transformer predictor: every prediction may look everywhere, and knows where it is."""

import pytest
import torch

from cmvl_mm.models.predictors import TransformerPredictor


def tiny(**changes) -> TransformerPredictor:
    settings = dict(
        in_channels=6, memory_size=(2, 3, 3), query_size=(1, 2, 2), width=8, ffn_width=8, num_heads=2, dropout=0.0
    )
    return TransformerPredictor(**settings | changes)


def test_shapes_and_size_of_the_paper():
    with torch.device('meta'):
        predictor = TransformerPredictor(in_channels=512)
        assert predictor(torch.empty(3, 512, 2, 7, 7)).shape == (3, 512, 1, 7, 7)
    layers = sum(p.numel() for name, p in predictor.named_parameters() if 'coder' in name)
    assert layers / 1e6 == pytest.approx(13.67, abs=0.01)


BOTH_WAYS = pytest.mark.parametrize('positions', ['attention', 'input'])


@BOTH_WAYS
def test_every_prediction_depends_on_every_input_position(positions):
    x = torch.randn(1, 6, 2, 3, 3, requires_grad=True)
    for prediction in tiny(positions=positions)(x).flatten(2)[0].T:  # (8,), one per query position
        (seen,) = torch.autograd.grad(prediction @ torch.randn(8), x, retain_graph=True)
        assert (seen.abs().sum(1) > 0).all()


@BOTH_WAYS
def test_predictions_differ_between_query_positions_and_know_where_the_input_was(positions):
    predictor = tiny(positions=positions)
    x = torch.randn(1, 6, 2, 3, 3)
    first, *others = predictor(x).flatten(2)[0].T
    assert all((first - other).abs().max() > 1e-3 for other in others)
    assert (predictor(x) - predictor(x.flip(-1))).abs().max() > 1e-3


@BOTH_WAYS
def test_without_positions_it_could_tell_neither(positions):
    predictor = tiny(positions=positions)
    torch.nn.init.zeros_(predictor.memory_position)
    torch.nn.init.zeros_(predictor.query_position)
    x = torch.randn(1, 6, 2, 3, 3)
    predicted = predictor(x).flatten(2)
    torch.testing.assert_close(predicted, predicted[..., :1].expand_as(predicted))
    torch.testing.assert_close(predictor(x), predictor(x.flip(-1)))


def test_videos_do_not_see_each_other():
    predictor, x = tiny(), torch.randn(3, 6, 2, 3, 3)
    torch.testing.assert_close(predictor(x)[1:2], predictor(x[1:2]))


def test_positions_and_all_layers_learn():
    predictor = tiny(num_encoder_layers=1, num_decoder_layers=2)
    (predictor(torch.randn(2, 6, 2, 3, 3)) * torch.randn(8, 1, 2, 2)).sum().backward()
    still = {name for name, p in predictor.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0}
    # the decoder starts from zeros: at first there is nothing to attend to in its first self-attention
    assert all(name.startswith('decoder.0.self_attention.') for name in still)


def test_a_map_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r'\(6, 2, 4, 4\).*built for \(6, 2, 3, 3\)'):
        tiny()(torch.randn(1, 6, 2, 4, 4))


def test_positions_at_the_input_stay_out_of_the_layers():
    predictor = tiny(positions='input', num_encoder_layers=0, num_decoder_layers=0)
    predicted = predictor(torch.randn(2, 6, 2, 3, 3)).flatten(2)
    torch.testing.assert_close(predicted[0].T, predictor.query_position)
    with pytest.raises(ValueError, match="positions='output'"):
        tiny(positions='output')
