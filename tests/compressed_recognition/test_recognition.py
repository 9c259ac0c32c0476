"""Each demo config learns the motions of a batch by heart; full-size ones build and say what they are."""

import math

import pytest
from mmengine.optim import build_optim_wrapper

from cmvl_mm.engine.gradients import watch_first_step

DEMO = ('coviar_iframe', 'coviar_motion', 'coviar_residual')
FULL = tuple(f'{name}_ucf' for name in DEMO)


@pytest.fixture(scope='module')
def folder(repository):
    return repository / 'configs/compressed'


def test_the_folders_have_these_configs(folder):
    assert {path.stem for path in (folder / 'demo').glob('*.py')} == set(DEMO)
    assert {path.stem for path in (folder / 'full').glob('*.py')} == set(FULL)


@pytest.mark.parametrize('name', DEMO)
def test_a_batch_is_learnt_from_chance_to_all_right(name, demo):
    config, model, batch = demo(name)
    config.optim_wrapper.optimizer.lr = 0.002
    wrapper, untrained = build_optim_wrapper(model, config.optim_wrapper), []
    watch_first_step(wrapper.optimizer, model, untrained.extend)
    logs = [model.train().train_step(batch, wrapper) for _ in range(12)]
    assert untrained == []
    losses = [log['loss_cls'].item() for log in logs]
    assert losses[0] == pytest.approx(math.log(8), abs=0.35)
    assert losses[-1] < 0.5 * losses[0], losses
    assert max(log['top1_acc'].item() for log in logs[-3:]) >= 0.875
