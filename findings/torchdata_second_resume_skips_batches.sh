#!/usr/bin/env bash
# torchdata: a StatefulDataLoader over a plain iterable resumes right once in an epoch, and then skips batches.
#
# One would guess: state_dict() of a loader that has been resumed says where in the epoch it is, as that of a loader
#                  that has run through does. The loader logs that it goes through what has been read once more.
# What happens:    when the loader goes through the batches before the stop, it counts them, on top of the count that
#                  it loads. Resumed at batch 3 and stopped at 5, its state says 8: the next run leaves out three
#                  batches, without a word, and its epoch ends early. With two workers it is a ValueError that blames
#                  the data set; a third resume may go past the end, and the load ends in a StopIteration. A map-style
#                  data set, and an iterable with state_dict() of its own, resume right each time.
# Made here:       an iterable of the numbers 0 to 39 without a state, read in batches of 4.
# Versions:        torchdata 0.11.0, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   plain        0 workers, resumed after [3]      : 40 of 40 items
#   plain        2 workers, resumed after [3]      : 40 of 40 items
#   map-style    0 workers, resumed after [3, 2]   : 40 of 40 items
#   with a state 0 workers, resumed after [3, 2]   : 40 of 40 items
#   plain        0 workers, resumed after [3, 2]   : 28 of 40 items, without 20 to 31
#   plain        2 workers, resumed after [3, 2]   : ValueError: last_yielded_worker_id does not match, the dataset ...
#   plain        0 workers, resumed after [2, 2, 2]: StopIteration
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 torchdata==0.11.0 numpy==2.4.6
cat > resume.py <<'END'
import logging
import sys

from torch.utils.data import IterableDataset, get_worker_info
from torchdata.stateful_dataloader import StatefulDataLoader

COUNT, BATCH = 40, 4


class Plain(IterableDataset):
    def __iter__(self):
        worker = get_worker_info()
        yield from range(worker.id if worker else 0, COUNT, worker.num_workers if worker else 1)


class WithState(IterableDataset):
    position = 0

    def __iter__(self):
        for self.position in range(self.position + 1, COUNT + 1):
            yield self.position - 1

    def state_dict(self):
        return {'position': self.position}

    def load_state_dict(self, state):
        self.position = state['position']


def read(dataset, stops, workers):
    """The items of one epoch that is stopped after each of `stops` batches and resumed in a new loader."""
    items, state = [], None
    for stop in [*stops, COUNT]:
        loader = StatefulDataLoader(dataset(), batch_size=BATCH, num_workers=workers)
        if state is not None:
            loader.load_state_dict(state)
        for _, batch in zip(range(stop), loader):
            items += batch.tolist()
            state = loader.state_dict()
    return items


def report(name, dataset, stops, workers):
    try:
        items = read(dataset, stops, workers)
        missing = sorted(set(range(COUNT)) - set(items))
        found = f'{len(items)} of {COUNT} items' + (f', without {missing[0]} to {missing[-1]}' if missing else '')
    except (ValueError, StopIteration) as error:
        found = f'{type(error).__name__}: {error}'.replace('may have changed', '...').removesuffix(': ')
    print(f'{name:12} {workers} workers, resumed after {str(stops):9}: {found}')
    return found


if __name__ == '__main__':
    logging.disable(logging.WARNING)  # the loader's note that it goes through the iterable again
    once = [report('plain', Plain, [3], workers) for workers in (0, 2)]
    right = [report('map-style', lambda: range(COUNT), [3, 2], 0), report('with a state', WithState, [3, 2], 0)]
    twice = [report('plain', Plain, [3, 2], workers) for workers in (0, 2)]
    thrice = report('plain', Plain, [2, 2, 2], 0)
    holds = set(once + right) == {f'{COUNT} of {COUNT} items'} and twice[0] == '28 of 40 items, without 20 to 31'
    sys.exit(not (holds and twice[1].startswith('ValueError') and thrice.startswith('StopIteration')))
END
venv/bin/python -I -W ignore resume.py
