"""Numbers that were read late are the numbers that were read at once."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from mmengine.logging import MessageHub

from cmvl_mm.engine.deferred import DeferredInfoHook


@pytest.fixture
def runner(request):
    """Seven iterations an epoch, a line every third."""
    return SimpleNamespace(
        message_hub=MessageHub.get_instance(request.node.name),
        optim_wrapper=SimpleNamespace(grad_norm=None),
        hooks=[LoggerHook(interval=3)],
        train_dataloader=range(7),
    )


def history(runner, key):
    return runner.message_hub.get_scalar(f'train/{key}').data[0].tolist()


def test_values_arrive_in_order_when_a_line_is_printed_and_at_the_end_of_the_epoch(runner):
    hook, seen = DeferredInfoHook(), []
    for step in range(7):
        runner.optim_wrapper.grad_norm = torch.tensor(float(step))
        hook.after_train_iter(runner, step, outputs=dict(loss=torch.tensor(step / 10), acc=torch.tensor([0.5])))
        scalars = runner.message_hub.log_scalars
        seen.append(len(history(runner, 'loss')) if 'train/loss' in scalars else 0)
    assert seen == [0, 0, 3, 3, 3, 6, 7]
    assert history(runner, 'grad_norm') == [0, 1, 2, 3, 4, 5, 6]

    plain = SimpleNamespace(message_hub=MessageHub.get_instance('plain'))
    for step in range(7):
        RuntimeInfoHook().after_train_iter(plain, step, outputs=dict(loss=torch.tensor(step / 10)))
    assert history(runner, 'loss') == history(plain, 'loss')  # bit for bit: float32 read as double


def test_nothing_is_read_in_between(runner, monkeypatch):
    reads = []
    original = torch.Tensor.tolist
    monkeypatch.setattr(torch.Tensor, 'item', lambda self: pytest.fail('a value was read on its own'))
    monkeypatch.setattr(torch.Tensor, 'tolist', lambda self: reads.append(len(self)) or original(self))
    hook = DeferredInfoHook()
    for step in range(3):
        hook.after_train_iter(runner, step, outputs=dict(loss=torch.tensor(1.0), acc=torch.tensor(0.5)))
    assert reads == [6]


def test_a_checkpoint_lacks_no_step(runner):
    hook = DeferredInfoHook()
    hook.after_train_iter(runner, 0, outputs=dict(loss=torch.tensor(2.0)))
    hook.before_save_checkpoint(runner, {})
    hook.before_save_checkpoint(runner, {})
    assert history(runner, 'loss') == [2.0]
