#!/usr/bin/env bash
# Ray: with log_to_driver=False and logging_level='error', the death of a worker is still printed, and to stdout.
#
# One would guess: a driver that turned the logs of its cluster off has stdout for itself, such as for JSON that another
#                  program reads; the death of a worker is the exception that ray.get raises.
# What happens:    the exception is raised, and "(raylet) A worker died or was killed ..." is written to the driver's stdout
#                  as well, in colours or plain. log_to_driver=False does keep what the worker itself prints.
# Versions:        ray 2.60.0, Python 3.11
# Output seen:
#   stderr of the driver: ActorDiedError
#   stdout of the driver, lines of the worker: 0
#   stdout of the driver, lines of the raylet: 1
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check ray==2.60.0
cat > look.py <<'EOF'
import os
import sys
import time

import ray

ray.init('local', num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level='error')


@ray.remote(num_cpus=1)
class Actor:
    def end(self):
        print('the worker ends', flush=True)
        os._exit(1)


try:
    ray.get(Actor.remote().end.remote())
except ray.exceptions.RayActorError as error:
    print(type(error).__name__, file=sys.stderr)
time.sleep(5)  # the message may come after the exception
ray.shutdown()
EOF
export RAY_USAGE_STATS_ENABLED=0
venv/bin/python look.py > stdout.txt 2> stderr.txt
echo "stderr of the driver: $(grep -o ActorDiedError stderr.txt | head -1)"
echo "stdout of the driver, lines of the worker: $(grep -c 'the worker ends' stdout.txt || true)"
echo "stdout of the driver, lines of the raylet: $(grep -c 'A worker died' stdout.txt || true)"
grep -q ActorDiedError stderr.txt
! grep -q 'the worker ends' stdout.txt
grep -q 'A worker died' stdout.txt
